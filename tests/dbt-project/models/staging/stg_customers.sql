{#- One row per customer. #}
select
    customer_id,
    trim(name) as customer_name,
    country
from {{ source('shop', 'customers') }}
