"""At which price: articles, price lists, terms, priced carts."""
