-- Dead letters of the last day by what was wrong with them.
select left("by", 60) as "by", left(reason, 120) as reason, count(*) as dead_letters, max(received_at) as last_at
from dead_letter
where received_at > now() - interval '1 day' and resolved_at is null
group by 1, 2
order by 3 desc, 1, 2
limit 50
