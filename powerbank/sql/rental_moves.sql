-- Refuse a change of a rental's status that its states do not allow, and every change of its tariff: a rental keeps
-- the prices with which it began.
CREATE OR REPLACE FUNCTION rental_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status <> OLD.status AND (OLD.status || ' ' || NEW.status) NOT IN (
        'pending ejecting', 'pending cancelled', 'ejecting active', 'ejecting failed', 'ejecting unresolved',
        'unresolved active', 'unresolved failed', 'unresolved completed', 'failed active', 'cancelled active',
        'active overdue', 'active completed', 'active cancelled', 'active lost', 'overdue active',
        'overdue completed', 'overdue lost', 'completed cancelled', 'lost completed') THEN
        RAISE EXCEPTION 'a rental does not go from % to %', OLD.status, NEW.status USING ERRCODE = 'check_violation';
    END IF;
    IF (NEW.user_id, NEW.station_id, NEW.package_id, NEW.package_name, NEW.payment_model, NEW.duration_minutes,
        NEW.price, NEW.discount, NEW.unit_minutes, NEW.unit_price, NEW.deposit, NEW.overdue_rate,
        NEW.overdue_grace_minutes, NEW.overdue_cap, NEW.replacement_price, NEW.points_per_npr)
       IS DISTINCT FROM
       (OLD.user_id, OLD.station_id, OLD.package_id, OLD.package_name, OLD.payment_model, OLD.duration_minutes,
        OLD.price, OLD.discount, OLD.unit_minutes, OLD.unit_price, OLD.deposit, OLD.overdue_rate,
        OLD.overdue_grace_minutes, OLD.overdue_cap, OLD.replacement_price, OLD.points_per_npr) THEN
        RAISE EXCEPTION 'the tariff of a rental does not change' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER rental_moves BEFORE UPDATE ON rentals
    FOR EACH ROW EXECUTE FUNCTION rental_moves();
