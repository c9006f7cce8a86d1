"""Who takes a conversation, and at which hours staff answer."""
