"""What makes the OpenAPI document good to read: examples, the codes of refusals, titles and groups."""
