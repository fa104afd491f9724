"""Topics that pricing writes."""

from contracts.shared.topic import Topic

ARTICLE = Topic("countersign.pricing.article")
PRICE_LIST = Topic("countersign.pricing.price_list")
PRICE_LIST_STATE = Topic("countersign.pricing.price_list.state")
TERMS = Topic("countersign.pricing.terms")
TERMS_STATE = Topic("countersign.pricing.terms.state")
KEY_STATE = Topic("countersign.pricing.key.state", partitions=1)
