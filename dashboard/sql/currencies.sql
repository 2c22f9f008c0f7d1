-- For the filter.
select currency from dim_currency order by 1
