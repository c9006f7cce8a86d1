-- What has an address of its own, so that each address can be asked for something that is there.
INSERT INTO campaigns (id, name) VALUES (bench.row_id(1, bench.put_up(0)), 'Monsoon');
INSERT INTO coupons (id, campaign_id, name, kind, value, per_user_limit)
VALUES (bench.row_id(1, bench.put_up(0)), bench.row_id(1, bench.put_up(0)), 'Monsoon', 'amount', 500, 1000);
INSERT INTO coupon_codes (code, coupon_id, uses) VALUES ('MONSOON', bench.row_id(1, bench.put_up(0)), 0);
INSERT INTO banners (id, title, image_url)
VALUES (bench.row_id(1, bench.put_up(0)), 'Monsoon', 'https://example.com/a.jpg');
INSERT INTO faq_items (id, language, question, answer)
VALUES (bench.row_id(9, bench.put_up(0)), 'en', 'How?', 'Like this.');
INSERT INTO app_versions (id, platform, version) VALUES (bench.row_id(1, bench.put_up(0)), 'android', '9.9.9');
INSERT INTO saved_replies (id, name, text_en, text_ne)
VALUES (bench.row_id(9, bench.put_up(0)), 'Bench', 'We look into it.', 'हामी हेर्दैछौं।');
INSERT INTO warehouses (id, name) VALUES (bench.row_id(1, bench.put_up(0)), 'Kathmandu');
INSERT INTO achievements (id, name, metric, threshold)
VALUES (bench.row_id(9, bench.put_up(0)), 'Ten', 'rentals', 10);
INSERT INTO broadcasts (id, title, message, target, push, status, total, told, created_by, finished_at)
VALUES (bench.row_id(1, bench.put_up(0)), 'Hello', 'Hello', '{"kind": "all"}', false, 'done', 1, 1, bench.staff(),
        bench.until());
INSERT INTO points_grants (id, points, reason, recipients, status, total, awarded, asked_by, finished_at)
VALUES (bench.row_id(1, bench.put_up(0)), 5, 'Thanks', ARRAY[bench.person(0)], 'done', 1, 1, bench.staff(),
        bench.until());
INSERT INTO message_templates (id, type, channel, language, title, body, updated_by)
VALUES (bench.row_id(1, bench.put_up(0)), 'welcome', 'push', 'en', 'Welcome', 'Welcome', bench.staff());
INSERT INTO operations (id, staff_id, kind, request, status, result, finished_at, expires_at)
VALUES (bench.row_id(1, bench.put_up(0)), bench.staff(), 'bench', '{}', 'succeeded', '{}', bench.until(),
        bench.until() + interval '30 days');
INSERT INTO settlement_checks (id, started_at, since, finished_at)
VALUES (bench.row_id(1, bench.put_up(0)), bench.until(), bench.until() - interval '3 days', bench.until());
