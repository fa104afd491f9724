"""Price lists given and taken by pricing are a fact of the customer status."""

from chassis.projections import Projection
from contracts.pricing.states import TermsState
from identity.companies.terms import KnownTerms, terms_changed, terms_row

projections = [Projection(TermsState, KnownTerms, terms_row, terms_changed)]
