"""The pages of a partner's own people: `/partner/`, on a phone at the counter as well as on a desk."""
