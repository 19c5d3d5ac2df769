"""Domains that training sees: trade, money and stock (the notation is explained in notation.py)."""

TEXT = """
= shop | Shop | Harbor & Oak / Marlow Goods / Nordlys Store / Copper Lane
@ about: Solid wood with an oiled finish. Assembled in ten minutes.
@ about: Washed linen, soft from the first day. Machine wash at 40 degrees.
@ about: Thrown by hand; no two pieces are quite alike.
@ products: Oak side table / Linen duvet cover / Ceramic pour-over set / Wool throw / Desk lamp Arc
@ products: Walnut serving tray
@ products: Stoneware mug / Leather key fob / Cotton bath towel / Rattan chair / Enamel kettle / Canvas tote
@ products: Brass wall hook
@ categories: Kitchen / Bedroom / Lighting / Furniture / Bathroom / Accessories / Outdoor / Storage
@ reviews: Exactly as pictured / Arrived two days early / Softer than I expected / Nice, but smaller than it looks
@ reviews: Great quality for the price / The lid does not close well / Would buy again / A gift, and they loved it
@ coupons: WELCOME10 / SPRING25 / FREESHIP / OAK15 / VIP20 / BUNDLE5 / SUNDAY12 / RETURN8
+ customers Customer users
*full_name!^ person
email! email
phone phone
city city
country country
is_subscribed bool
created_at^ time:past
notes long
+ categories Category tag
*name! list:categories
description long:about
is_active bool
+ products Product box
*name! list:products
sku! code:??-####
category_id! ref:categories
price! money:6-480
stock int:0-240 = Stock / In stock
weight_kg decimal:0-24
is_active bool = Active
description long:about
+ orders Order cart
*order_number! code:SO-10###
customer_id! ref:customers
status! enum:pending|paid|shipped|delivered|cancelled
total! money:18-960 = Total / Order total
created_at^ time:past = Created / Placed at
shipping_address address
delivery_date date:future
+ order_items Item list
product_id! ref:products
order_id! ref:orders
quantity! int:1-6
unit_price! money:6-480
discount percent:0-30
+ reviews Review star
*title! list:reviews
product_id! ref:products
customer_id! ref:customers
rating! stars
created_at^ time:past
is_published bool
+ coupons Coupon percent
*code! pickcode:coupons
discount! percent:5-40
start_date date:past
end_date date:future
is_active bool

= invoicing | Invoicing | Ledgerline / Billwright / Tallybook / Penny & Co
@ scope: Up to three rounds of changes are included.
@ scope: Billed by the hour, travel not included.
@ scope: Fixed price; half of it at the start.
@ services: Website redesign / Monthly retainer / Copy editing / Brand workshop / Server hosting
@ services: Photo session / Legal review
@ services: Translation EN-DE / Product training / Data migration / Annual audit / Support hours
+ clients Client building
*name! company
contact_name person = Contact name / Contact person
email! email
address address
city city
tax_number code:~#########
website url
+ invoices Invoice file
*invoice_number! code:INV-2026-0###
client_id! ref:clients
status! enum:draft|sent|paid|overdue
issue_date!^ date:past = Issue date / Issued
due_date!^ date:future
total! money:120-9800
notes long:scope
+ services Service box
*name! list:services
unit_price! money:35-1800
tax_rate percent:0-25
is_active bool
description long:scope
+ invoice_lines Line list
invoice_id! ref:invoices
service_id! ref:services
quantity! int:1-40
unit_price! money:35-400
tax_rate percent:0-25
+ payments Payment card
*reference! code:PAY-######
invoice_id! ref:invoices
amount! money:90-6200
payment_date!^ date:past = Payment date / Paid on
method! enum:bank_transfer|card|cash
+ expenses Expense receipt
*description! list:services
client_id ref:clients
amount! money:8-900
expense_date! date:past
is_billable bool

= inventory | Inventory | Stockyard / Binwise / Pallet / Rackhouse
@ items: Hex bolt M8 x 40 / Bearing 6204-2RS / Safety gloves L / Hydraulic hose 12 mm / LED panel 60 x 60
@ items: V-belt A42 / Pallet wrap 500 mm
@ items: Cable tie 200 mm / Wood screw 5 x 60 / Ball valve DN25 / Air filter F7 / Grease cartridge 400 g
@ items: Conveyor roller 50 mm
@ warehouses: North hall / Dockside / Main depot / Cold store / Riverside yard / Overflow unit / East annex
@ bins: A-01-03 / B-12-01 / C-04-02 / A-07-05 / D-02-02 / B-03-04 / E-11-01 / C-09-06
+ suppliers Supplier building
*name! company
contact_name person
email email
phone phone
country country
lead_time_days int:2-45 = Lead time (days) / Lead time days
rating stars
+ warehouses Warehouse home
*name! list:warehouses
city! city
address address
capacity int:200-8000
manager_id ref:users
+ users User user
*full_name! person
email! email
+ items Item box
*name! list:items
sku! code:???-#####
supplier_id! ref:suppliers
unit_cost money:1-380
reorder_level int:5-200 = Reorder level / Reorder at
weight_kg decimal:0-40
is_active bool
+ stock_levels Stock level chart
item_id! ref:items
warehouse_id! ref:warehouses
bin list:bins = Bin / Bin location
quantity! int:0-1800
updated_at time:past
+ movements Movement arrows
item_id! ref:items
warehouse_id! ref:warehouses
destination_warehouse_id ref:warehouses
direction! enum:inbound|outbound|transfer
quantity! int:1-400
moved_at!^ time:past
reason words
+ purchase_orders Purchase order cart
*order_number! code:PO-####
supplier_id! ref:suppliers
status! enum:draft|ordered|received|closed
expected_date date:future = Expected date / Expected
total money:240-18000

= fleet | Fleet | Roadbook / Milepost / Gearline / Convoy
@ makes: Volvo / Scania / MAN / Ford / Iveco / Renault / Mercedes-Benz / DAF
@ models: FH 460 / Transit 350 / Sprinter 316 / R 500 / TGX 18.440 / Daily 35S / XF 480 / Master L3
@ jobs: Oil and filter change / Brake pads front / Tyre rotation / Windscreen replacement / Annual inspection
@ jobs: Clutch repair / Coolant leak
@ stations: Shell Westpark / Aral A7 North / Circle K Harbour / Q8 Ring Road / BP Old Mill / Total Airport
+ vehicles Vehicle truck
*license_plate! code:??-####
make! list:makes
model list:models
model_year int:2012-2025 = Model year / Year
odometer_km int:4000-420000 = Odometer (km)
status! enum:active|in_service|retired
driver_id ref:drivers
+ drivers Driver user
*full_name! person
license_number! code:D####### = License number / Licence no.
phone! phone
email email
hire_date date:past = Hire date / Hired
is_active bool
+ trips Trip map
vehicle_id! ref:vehicles
driver_id! ref:drivers
origin! city
destination! city
departed_at!^ time:past
distance_km int:12-980 = Distance (km)
+ fuel_logs Fuel log drop
vehicle_id! ref:vehicles
station list:stations = Station / Fuel station
litres! decimal:20-420
amount! money:30-640
filled_at!^ time:past
+ maintenance_jobs Maintenance job wrench
*title! list:jobs
vehicle_id! ref:vehicles
garage_id ref:garages
priority! enum:low|normal|urgent
due_date!^ date:future
cost money:60-2800
is_completed bool = Completed
+ garages Garage home
*name! company
phone phone
city city
rating stars

= logistics | Logistics | Parcelway / Hubline / Swiftfreight / Crossdock
@ carriers: DHL Express / UPS Ground / FedEx Economy / DPD Classic / GLS Euro / PostNord / Hermes
@ hubs: Gate North / Riverside / Depot 4 / Airfreight Center / Portside / Eastfield / Junction 12 / Southgate
@ hubs: Mill Lane
@ routes: Evening shuttle / Valley circuit / Airport express / Lakeside line / Coastal loop / Northern line
@ routes: City ring / Alpine pass / Harbour run / Eastern spur
+ senders Sender building
*name! company
email email
phone phone
city city
+ carriers Carrier truck
*name! list:carriers
phone phone
email email
base_fee money:4-60
is_active bool
+ hubs Hub home
*name! list:hubs
city! city
country country
docks int:2-48
manager_id ref:users
+ users User user
*full_name! person
email! email
+ shipments Shipment box
*shipment_number! code:SHP-###### = Shipment number / Shipment no.
sender_id! ref:senders
carrier_id! ref:carriers
status! enum:booked|in_transit|delivered|returned
weight_kg decimal:0-60
ship_date date:past = Ship date / Shipped
fee money:4-180
+ routes Route map
*name! list:routes
hub_id! ref:hubs
destination_hub_id ref:hubs
carrier_id ref:carriers
distance_km int:40-1400 = Distance (km)
departs_at time:future
is_active bool
+ claims Claim flag
*claim_number! code:CLM-#### = Claim number / Claim no.
shipment_id! ref:shipments
reason! enum:damaged|lost|late
amount! money:15-900
created_at^ time:past
"""
