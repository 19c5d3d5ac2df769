"""How people word the label of a column: one glossary for all domains.

A wording means the same column everywhere.
"""

GLOSSARY: dict[str, tuple[str, ...]] = {
    "full_name": ("Full name", "Name"),
    "name": ("Name",),
    "title": ("Title",),
    "email": ("Email", "E-mail", "Email address"),
    "phone": ("Phone", "Phone number", "Telephone"),
    "address": ("Address", "Street address"),
    "postal_code": ("Postal code", "Postcode", "ZIP code"),
    "date_of_birth": ("Date of birth", "Birth date", "Born"),
    "created_at": ("Created", "Created at", "Created on"),
    "updated_at": ("Updated", "Last updated"),
    "start_date": ("Start date", "Starts", "From"),
    "end_date": ("End date", "Ends", "Until"),
    "due_date": ("Due date", "Due", "Due by"),
    "quantity": ("Quantity", "Qty"),
    "notes": ("Notes", "Remarks"),
    "description": ("Description",),
    "website": ("Website", "Web site"),
    "unit_price": ("Unit price", "Price each"),
    "discount": ("Discount", "Discount %"),
    "tax_rate": ("Tax rate", "VAT rate", "Tax"),
    "job_title": ("Job title", "Position"),
    "license_plate": ("License plate", "Plate"),
    "order_number": ("Order number", "Order no.", "Order"),
    "invoice_number": ("Invoice number", "Invoice no.", "Invoice"),
    "serial_number": ("Serial number", "Serial no."),
    "sku": ("SKU",),
    "isbn": ("ISBN",),
    "owner_id": ("Owner",),
    "assignee_id": ("Assignee", "Assigned to"),
    "manager_id": ("Manager",),
    "is_active": ("Active",),
    "amount": ("Amount",),
    "weight_kg": ("Weight (kg)",),
}


def wordings(column: str) -> tuple[str, ...]:
    """The label wordings of a column: the glossary's, else its own words (`customer_id` is `Customer`)."""
    words = column.removesuffix("_id").removeprefix("is_").replace("_", " ")
    return GLOSSARY.get(column) or (words.capitalize(),)
