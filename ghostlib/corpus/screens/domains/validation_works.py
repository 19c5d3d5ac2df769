"""Domains that only validation sees: meters, laboratories, telephones and waste. None may move to training."""

TEXT = """
= energy | Energy | Gridpoint / Stadtwerke Nord / Kilowatt & Co / Meterline
@ tariffs: Green 12 / Flex hourly / Night storage / Business basic / Heat pump / Solar plus / Family fixed / Charge at home
@ zones: North / Harbour / Old town / Hillside / Industrial park / Lakeside / West end
@ stations: Substation Mill Lane / Transformer 14 / Substation Harbour / Transformer 7b / Ring node East / Feeder Oak Road
@ stations: Substation Airport / Transformer 22
@ outages: Cable cut by excavator / Storm on overhead line / Transformer failure / Planned maintenance / Flooded vault
@ outages: Blown fuse
@ remarks: Meter behind the second cellar door. / Reading estimated, nobody at home. / Seal was broken, photo attached.
+ consumers Consumer users
*full_name!^ person
consumer_number! code:60######
email email
phone phone
billing_cycle! enum:monthly|bimonthly|yearly
has_solar_roof bool
+ supply_points Supply point map
*point_code! code:SP-###-####
consumer_id! ref:consumers
substation_id! ref:substations
address! address
postal_code postcode
city city
connected_load_kw decimal:4-63
zone list:zones
+ substations Substation building
*name! list:stations
rated_power_kva int:160-2500
commissioned_on date:past
load slider:0-100
is_remote_controlled bool
+ energy_meters Energy meter clock
*meter_number! code:1EMH00########
supply_point_id! ref:supply_points
technology! enum:mechanical|digital|smart
installed_on! date:past
calibrated_until date:future
is_bidirectional bool
+ meter_readings Meter reading chart
energy_meter_id! ref:energy_meters
read_on!^ date:past
counter_kwh! int:820-94000
source! enum:customer|remote|field_agent|estimated
remark long:remarks
+ energy_tariffs Energy tariff tag
*name! list:tariffs
base_price! money:5-18
working_price_cents decimal:18-42
green_share percent:10-100
minimum_term_months int:1-24
is_open_for_sale bool
+ supply_agreements Supply agreement file
*agreement_number! code:EN-######
consumer_id! ref:consumers
supply_point_id! ref:supply_points
energy_tariff_id! ref:energy_tariffs
start_date! date:past
end_date date:future
prepayment! money:30-260
status! enum:requested|switching|supplied|terminated
+ outages Outage flag
*cause! list:outages
substation_id! ref:substations
began_at!^ time:past
households_affected int:4-3200
restored_after_minutes int:8-640
is_planned bool

= laboratory | Laboratory | Assayhub / Pipette / Labwerk / Reagent Room
@ studies: Lake sediment series / Yeast ageing / Drinking water 2026 / Soil nitrogen / Olive oil purity / Vitamin stability
@ studies: Microplastics in mussels / Enzyme kinetics B / Pesticide screening / Air filter ageing
@ matrices: Water / Soil / Blood serum / Olive oil / Leaf tissue / Swab / Sediment / Air filter
@ tests: pH / Nitrate / Lead by ICP-MS / Total organic carbon / E. coli count / Conductivity / Protein / Ethanol by GC
@ tests: Turbidity
@ tests: Chlorophyll a
@ devices: ICP-MS 7900 / Balance XP205 / Centrifuge 5810 / GC-2030 / Incubator B3 / pH meter S220 / Autoclave V55
@ devices: Microscope BX
@ reagents: Sodium hydroxide 1 M / Hydrochloric acid 37 % / Ethanol absolute / Agar plate / Buffer pH 7.00
@ reagents: Nitrate standard
@ reagents: Acetonitrile / Argon 5.0 / Potassium chloride
@ hazards: Corrosive / Flammable / Toxic / Irritant / Oxidising / Harmful to water
@ sites: Fridge 2 / Freezer -80 A / Cabinet C / Shelf 14 / Acid store / Cold room
@ methods: Filter 250 ml, acidify to pH 2 and measure within six hours. / Dilute 1:10 where the reading is above the range.
@ methods: Calibrate with three standards before every series.
+ studies Study folder
*title! list:studies
principal_id! ref:scientists
study_code! code:ST-26-##
funding money:8000-240000
starts_on date:past
phase! enum:design|running|analysis|completed
+ scientists Scientist user
*full_name!^ person
email! email
office venue_room
orcid code:0000-000#-####-#### = ORCID
is_radiation_trained bool
+ samples Sample drop
*sample_code! code:26-#####
study_id! ref:studies
matrix! list:matrices
collected_by_id ref:scientists
collected_at!^ time:past
volume_ml decimal:1-500
stored_in list:sites
condition enum:intact|thawed|leaking
+ assays Assay list
*name! list:tests
method long:methods
detection_limit decimal:0-4
turnaround_days int:1-14
price! money:12-240
is_accredited bool
+ results Result chart
sample_id! ref:samples
assay_id! ref:assays
instrument_id ref:instruments
measured_value! decimal:0-240
uncertainty percent:1-12
measured_at!^ time:past
validated_by_id ref:scientists
verdict! enum:within_limit|above_limit|repeat
+ instruments Instrument wrench
*name! list:devices
asset_tag! code:LAB-####
last_calibration date:past
next_calibration^ date:future
utilisation slider:0-100
is_out_of_order bool
+ reagents Reagent box
*name! list:reagents
cas_number code:####-##-#
hazards tags:hazards
remaining_ml int:20-5000
opened_on date:past
expires_on^ date:future
storage_place list:sites
+ calibrations Calibration check
instrument_id! ref:instruments
performed_by_id! ref:scientists
performed_on! date:past
deviation percent:0-6
certificate file:pdf
is_passed bool

= telecom | Telecom | Skytone / Fibra / Ring Mobile / Cellwave
@ tariffs: Talk S / Talk M / Data 20 GB / Data 60 GB / Fibre 250 / Fibre 1000 / Prepaid weekend / Business line / Kids
@ devices: Galaxy A56 / Pixel 9a / iPhone 16 / Fritz!Box 7690 / Fairphone 5 / Moto G85 / Hotspot M6 / Nokia 235
@ masts: Town hall roof / Water tower / Ring road km 4 / Stadium light 2 / Silo north / Church hill / Railway bridge
@ masts: Harbour crane
@ options: EU roaming / Voicemail plus / Multi SIM / Music flat / Call to Switzerland / Static IP / Spam shield
@ troubles: No signal indoors / Slow upload in the evening / SIM not recognised / Router restarts / Wrong roaming charge
@ troubles: Number not ported / Crackling line
@ bands: 700 MHz / 800 MHz / 1800 MHz / 2100 MHz / 3.6 GHz / 26 GHz
+ line_holders Line holder users
*full_name!^ person
contract_code! code:K-#######
email! email
address address
city city
password_hint words
has_itemised_bill bool
+ phone_tariffs Phone tariff tag
*name! list:tariffs
monthly_charge! money:5-70
data_gb int:1-200
speed_mbps int:16-1000
notice_weeks int:2-12
is_unlimited bool
+ phone_lines Phone line mic
*msisdn! code:49-151-####### = MSISDN
line_holder_id! ref:line_holders
phone_tariff_id! ref:phone_tariffs
sim_serial code:8949##############
activated_on^ date:past
line_state! enum:ordered|porting|live|barred
options tags:options
+ handsets Handset box
*imei! code:35#############  = IMEI
model! list:devices
phone_line_id ref:phone_lines
sold_for money:60-1200
instalments int:6-36
warranty_until date:future
+ call_records Call record clock
phone_line_id! ref:phone_lines
dialled_number! phone
began_at!^ time:past
duration_seconds! int:4-5400
direction! enum:incoming|outgoing|missed
charge money:0-6
+ cell_sites Cell site map
*name! list:masts
operator_code! code:C###?
frequency_band list:bands
mast_height_m int:12-80
load slider:0-100
is_backup_powered bool
+ trouble_reports Trouble report flag
*complaint! list:troubles
phone_line_id! ref:phone_lines
cell_site_id ref:cell_sites
technician_id ref:technicians
reported_at!^ time:past
urgency! enum:minor|normal|outage
is_closed bool
+ technicians Technician user
*full_name! person
mobile! phone
van_plate code:??-####
shift_begins clock:6-14

= waste | Waste collection | Binday / Cleanloop / Recycla / Curbside
@ rounds: Monday north / Monday south / Tuesday hills / Wednesday centre / Thursday harbour / Friday west / Glass east
@ rounds: Paper tour B
@ rounds: Bulky items
@ streams: Paper / Glass / Organic / Residual / Packaging / Metal / Textiles / Wood
@ yards: Recycling yard East / Transfer station Mill Road / Compost plant / Yard Harbour / Incinerator South
@ yards: Sorting hall 2
@ problems: Bin not emptied / Lid broken / Bags beside the bin / Wrong waste inside / Gate was locked / Bin missing
@ problems: Street blocked
@ makes: Econic 2630 / Eurocargo ML / D26 Wide / FE Electric / Unimog U423
@ bulky: Sofa, two seats / Washing machine / Mattress 140 / Bookshelf / Carpet rolls / Fridge / Garden chairs
@ bulky: Bicycle frame
+ households Household home
*household_code! code:HH-#####
resident! person
address! address
postal_code postcode
phone phone
people int:1-7
is_composting bool
+ bins Bin trash
*bin_number! code:B-######
household_id! ref:households
waste_stream! list:streams
volume_litres! int:60-1100
chip_code code:E2-####-####
delivered_on date:past
condition enum:new|worn|damaged
+ collection_rounds Collection round map
*name! list:rounds
refuse_truck_id ref:refuse_trucks
crew_leader_id! ref:crew_members
waste_stream! list:streams
leaves_at! clock:5-9
stops int:40-900
length_km decimal:8-64
+ refuse_trucks Refuse truck truck
*fleet_number! code:R-###
model list:makes
payload_kg int:4000-12000
built_year int:2011-2025
fill_level slider:0-100
is_electric bool
+ crew_members Crew member users
*full_name! person
mobile phone
hired_on date:past
role! enum:driver|loader|dispatcher
+ pickups Pickup check
bin_id! ref:bins
collection_round_id! ref:collection_rounds
emptied_at!^ time:past
weight_kg decimal:2-90
outcome! enum:emptied|skipped|blocked
+ complaints Complaint flag
*subject! list:problems
household_id! ref:households
handled_by_id ref:crew_members
received_on!^ date:past
answered_on date:future
state! enum:new|assigned|answered
photo file:jpg
+ bulky_requests Bulky request box
*article! list:bulky
household_id! ref:households
pieces! int:1-8
wished_day^ date:future
fee money:0-60
is_reusable bool
+ weighings Weighing chart
refuse_truck_id! ref:refuse_trucks
yard! list:yards
weighed_at!^ time:past
net_weight_kg! int:400-11000
contamination percent:0-22
"""
