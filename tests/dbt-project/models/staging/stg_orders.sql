with source as (

    select * from {{ source('shop', 'orders') }}

),

renamed as (

    select
        order_id,
        customer_id,
        ordered_at,
        ordered_at::date as order_date,
        upper(status) as status,
        quantity * price as amount
    from source
    where ordered_at >= '{{ var("first_day") }}'
      and quantity * price >= {{ var('minimum_order', 1) }}

)

select * from renamed
