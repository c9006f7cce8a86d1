-- Count the changes of the accounts that stations have at the MQTT broker. The count is a row and not a sequence:
-- whoever reads the new number also reads the new accounts, while a sequence would be ahead of them. Two such changes
-- at once wait for each other here.
CREATE OR REPLACE FUNCTION count_broker_accounts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO broker_state AS state (single, accounts_version) VALUES (true, 1)
        ON CONFLICT (single) DO UPDATE SET accounts_version = state.accounts_version + 1;
    RETURN NULL;
END
$$;

CREATE OR REPLACE TRIGGER count_broker_accounts AFTER INSERT OR UPDATE OR DELETE ON station_credentials
    FOR EACH STATEMENT EXECUTE FUNCTION count_broker_accounts();

CREATE OR REPLACE TRIGGER count_broker_accounts AFTER UPDATE OF active ON stations
    FOR EACH STATEMENT EXECUTE FUNCTION count_broker_accounts();
