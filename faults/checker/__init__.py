"""The judge of fault runs: compares what clients were told with what is stored, published, mailed and open.

It knows the public contract and the tables, and imports nothing of what it judges.
"""
