-- Keep count of how many people have a score in each range, when a score on a board changes. The leaderboard finds a
-- rank by adding these counts. A person leaves some ranges and enters others. The rows are taken in one order, so that
-- two people who pass each other do not lock each other out. Most changes stay inside the wide ranges and touch none
-- of the rows that all people share. No CHECK holds the counts above zero, because it would see the -1 that is to be
-- inserted and not the sum.
CREATE OR REPLACE FUNCTION standing_moves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.standing_steps AS step (board, level, bucket, people)
    SELECT board, level, bucket, sum(change) FROM (
           SELECT NEW.board AS board, level, (NEW.score::bigint + 1073741824) >> (6 * level) AS bucket, 1 AS change
             FROM generate_series(0, 5) AS level WHERE TG_OP <> 'DELETE'
            UNION ALL
           SELECT OLD.board, level, (OLD.score::bigint + 1073741824) >> (6 * level), -1
             FROM generate_series(0, 5) AS level WHERE TG_OP <> 'INSERT') moved
     GROUP BY board, level, bucket HAVING sum(change) <> 0 ORDER BY board, level, bucket
        ON CONFLICT (board, level, bucket) DO UPDATE SET people = step.people + excluded.people;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER standing_moves AFTER INSERT OR DELETE OR UPDATE OF score, board ON standings
    FOR EACH ROW EXECUTE FUNCTION standing_moves();
