{{
    config(
        materialized='incremental',
        unique_key='order_date',
        on_schema_change='fail'
    )
}}

select
    order_date,
    count(*) as orders,
    count(distinct customer_id) as customers,
    sum(amount) as sales
from {{ ref('stg_orders') }}

{% if is_incremental() %}

where order_date >= (select coalesce(max(order_date), '{{ var("first_day") }}') from {{ this }})

{% endif %}

group by order_date
