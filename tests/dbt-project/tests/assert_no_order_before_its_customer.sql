-- A customer is known before the first order.
{{ config(severity = 'warn', tags = ['audit']) }}

select o.order_id
from {{ ref('stg_orders') }} as o
left join {{ ref('stg_customers') }} as c on c.customer_id = o.customer_id
where c.customer_id is null
