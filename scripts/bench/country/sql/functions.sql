-- People joined evenly over two years, and rent evenly over the last of them.
CREATE OR REPLACE FUNCTION bench.joined(person bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.until() - 63072000.0 * (bench.people() - person) / bench.people() * interval '1 s' $$;
CREATE OR REPLACE FUNCTION bench.person(person bigint) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.user_id(person, bench.joined(person)) $$;
CREATE OR REPLACE FUNCTION bench.put_up(station bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.until() - interval '800 days' + station * interval '1 s' $$;
CREATE OR REPLACE FUNCTION bench.station(station bigint) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.station_id(station, bench.put_up(station)) $$;
CREATE OR REPLACE FUNCTION bench.bank(bank bigint) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.bank_id(bank, bench.put_up(0)) $$;
CREATE OR REPLACE FUNCTION bench.staff() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.row_id(1, bench.put_up(0)) $$;
CREATE OR REPLACE FUNCTION bench.network_account(kind text) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.row_id(abs(hashtext(kind)::bigint), bench.put_up(0)) $$;
CREATE OR REPLACE FUNCTION bench.month_board() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT 'month:' || to_char(bench.until() AT TIME ZONE 'Asia/Kathmandu', 'YYYY-MM') $$;
CREATE OR REPLACE FUNCTION bench.package() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.row_id(0, bench.put_up(0)) $$;
CREATE OR REPLACE FUNCTION bench.partner(partner bigint) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.partner_id(partner, bench.put_up(0)) $$;
CREATE OR REPLACE FUNCTION bench.partner_of(station bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN mod(station, 5) < 4 THEN mod(station, bench.partners()) END $$;
CREATE OR REPLACE FUNCTION bench.agreement(partner bigint) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.agreement_id(partner, bench.put_up(0)) $$;
CREATE OR REPLACE FUNCTION bench.member(member bigint) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.crew_id(member, bench.put_up(0)) $$;

-- A rental: when, of whom, which power bank, from where to where, and how it went.
CREATE OR REPLACE FUNCTION bench.began(rental bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.until() - 31536000.0 * (bench.rentals() - rental) / bench.rentals() * interval '1 s' $$;
CREATE OR REPLACE FUNCTION bench.rental(rental bigint) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.rental_id(rental, bench.began(rental)) $$;
CREATE OR REPLACE FUNCTION bench.is_new(rental bigint) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT rental >= bench.rentals() - bench.rentals() / 1000 $$;
CREATE OR REPLACE FUNCTION bench.renter(rental bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN rental >= bench.rentals() - bench.rentals() / 1000 THEN bench.rentals() - 1 - rental
                ELSE mod(rental * 7919, bench.people() / 2 + bench.people() * rental / (2 * bench.rentals())) END $$;
CREATE OR REPLACE FUNCTION bench.bank_of(rental bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT mod(rental, bench.banks()) $$;
-- Two power banks of each station travel to the next one and back, into a slot that is kept for them.
CREATE OR REPLACE FUNCTION bench.travels(bank bigint) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT mod(bank, 6) < 2 $$;
CREATE OR REPLACE FUNCTION bench.is_away(bank bigint, rides bigint) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT bench.travels(bank) AND mod(rides, 2) = 1 $$;
CREATE OR REPLACE FUNCTION bench.station_of(bank bigint, rides bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN bench.is_away(bank, rides) THEN mod(bank / 6 + 1, bench.stations())
                ELSE bank / 6 END $$;
CREATE OR REPLACE FUNCTION bench.slot_of(bank bigint, rides bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT mod(bank, 6) + CASE WHEN bench.is_away(bank, rides) THEN 7 ELSE 1 END $$;
CREATE OR REPLACE FUNCTION bench.failed(rental bigint) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT mod(rental, 97) = 0 AND NOT bench.travels(bench.bank_of(rental)) AND NOT bench.is_new(rental) $$;
CREATE OR REPLACE FUNCTION bench.is_open(rental bigint) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT bench.is_new(rental)
       AND (mod(rental, 4) = 0 OR bench.began(rental) + interval '75 min' > bench.until()) $$;
CREATE OR REPLACE FUNCTION bench.is_lost(rental bigint) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT mod(rental, 700) = 3 AND NOT bench.failed(rental)
       AND bench.began(rental) < bench.until() - interval '8 days' $$;
CREATE OR REPLACE FUNCTION bench.ended(rental bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN bench.is_open(rental) OR bench.failed(rental) THEN NULL
                WHEN bench.is_lost(rental) THEN bench.began(rental) + interval '7 days'
                WHEN mod(rental, 25) = 1 AND NOT bench.is_new(rental) THEN bench.began(rental) + interval '5 hours'
                ELSE bench.began(rental) + (20 + mod(rental, 50)) * interval '1 min' END $$;
CREATE OR REPLACE FUNCTION bench.status(rental bigint) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN bench.failed(rental) THEN 'failed' WHEN bench.is_lost(rental) THEN 'lost'
                WHEN bench.is_open(rental)
                THEN CASE WHEN bench.began(rental) < bench.until() - interval '1 hour' THEN 'overdue' ELSE 'active' END
                ELSE 'completed' END $$;
