-- Shows the page (txdash_reader) the two marts that it reads so as not to count everything itself: as their owner, behind the first `aggregate build`.
-- May be repeated; a mart that is not there, or is shown already, stays as it is. roles.sql does it, too.
select format('grant select on %s to txdash_reader', mart)
from unnest(array[to_regclass('sales_by_day'), to_regclass('alerts_by_day')]) mart
where to_regrole('txdash_reader') is not null and not has_table_privilege('txdash_reader', mart::oid, 'select') \gexec
