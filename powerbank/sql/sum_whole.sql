-- Add up whole numbers in 64 bits. PostgreSQL's own sum of bigint keeps 128 bits for each sum and makes a numeric of it:
-- with fifty figures of a million groups that is a third of the time.
CREATE OR REPLACE AGGREGATE sum_whole(bigint) (
    SFUNC = int8pl, STYPE = bigint, COMBINEFUNC = int8pl, PARALLEL = safe
);
