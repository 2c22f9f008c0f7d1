{{ config(unique_key=['customer_id', 'month']) }}

select
    o.customer_id,
    date_trunc('month', o.ordered_at)::date as month,
    max(c.customer_name) as customer_name,
    max(k.name) as country,
    count(*) as orders,
    sum(o.amount) as spend
from {{ ref('stg_orders') }} o
left join {{ ref('stg_customers') }} c on c.customer_id = o.customer_id
left join {{ ref('countries') }} k on k.country = c.country
{%- if is_incremental() %}
where o.ordered_at >= (select date_trunc('month', max(month)) from {{ this }})
{%- endif %}
group by 1, 2
