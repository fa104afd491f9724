"""A merchant's past invoices, played again (OP-07): would Countersign have priced and taken them the same?"""
