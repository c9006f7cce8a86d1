"""The embedded servers: PostgreSQL, Redis and the MQTT broker, and the guard that starts them again."""
