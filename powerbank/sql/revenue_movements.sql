-- What the entries of the ledger earned for rentals or gave back: fees, refunds, and dues that were waived. The rental
-- says where its power bank was taken and on which local day it began, by which the partner is found who shares in it.
-- A refund is about the payment that it gives back, and so about the rental of that payment.
CREATE OR REPLACE VIEW revenue_movements AS
SELECT entry.id AS entry_id, moved.amount, rental.id AS rental_id, rental.user_id, rental.station_id,
       CAST(timezone(station.timezone, coalesce(rental.started_at, rental.created_at)) AS date) AS began_on
  FROM ledger_entries AS entry
  LEFT JOIN wallet_transactions AS paid
         ON paid.id = CASE WHEN entry.reference_kind = 'transaction' AND entry.reference_id ~ '^[0-9a-f-]{36}$'
                           THEN CAST(entry.reference_id AS uuid) END
 CROSS JOIN LATERAL (
       SELECT CASE 'rental' WHEN entry.reference_kind THEN entry.reference_id
                            WHEN paid.reference_kind THEN paid.reference_id END AS id) AS named
  JOIN rentals AS rental ON rental.id = CASE WHEN named.id ~ '^[0-9a-f-]{36}$' THEN CAST(named.id AS uuid) END
  JOIN stations AS station ON station.id = rental.station_id
 CROSS JOIN LATERAL (
       SELECT CAST(sum(posting.amount) AS bigint) AS amount
         FROM ledger_postings AS posting JOIN ledger_accounts AS account ON account.id = posting.account_id
        WHERE posting.entry_id = entry.id
          AND (account.kind IN ('rental_revenue', 'overdue_revenue', 'sales_revenue')
               OR (account.kind = 'write_offs' AND entry.kind = 'due_waived'))) AS moved
 WHERE moved.amount <> 0;
