-- Give the venue's share of a month's net revenue under the tiers of an agreement, each of which gives its percent of
-- what lies within it. The first tier takes what is below zero too.
CREATE OR REPLACE FUNCTION share_of_month(tiers jsonb, net bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT public.divide_rounded(CAST(sum(
               CASE WHEN tier.begins = 0 THEN least(net, tier.ends)
                    ELSE greatest(0, least(net, tier.ends) - tier.begins) END * tier.percent) AS bigint), 10000)
      FROM (SELECT CAST(100 * CAST(tier.value->>'from' AS numeric) AS bigint) AS begins,
                   CAST(100 * CAST(tier.value->>'percent' AS numeric) AS bigint) AS percent,
                   lead(CAST(100 * CAST(tier.value->>'from' AS numeric) AS bigint))
                       OVER (ORDER BY tier.ordinality) AS ends
              FROM jsonb_array_elements(tiers) WITH ORDINALITY AS tier) AS tier
$$;
