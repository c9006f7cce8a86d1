-- Divide whole paisa, and round halves away from zero, so that a negative amount is the mirror of a positive one.
CREATE OR REPLACE FUNCTION divide_rounded(number bigint, by bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sign(number)::bigint * ((2 * abs(number) + by) / (2 * by))
$$;
