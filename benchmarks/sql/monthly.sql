-- The figures of one month's review by plain SQL on the base tables: the facts of every lead as of :cut, then months,
-- and each dimension by what happened in the month and by its leads. It reads no summary table.
CREATE TEMPORARY TABLE fact AS
WITH last AS (
  SELECT DISTINCT ON (lead_id) lead_id, status, verdict, grade, owner, team FROM lead_event
  WHERE recorded_at <= :cut ORDER BY lead_id, id DESC
), traits AS (
  SELECT DISTINCT ON (lead_id) lead_id, source, industry, region, size, contact_at FROM lead_event
  WHERE recorded_at <= :cut AND source IS NOT NULL ORDER BY lead_id, id DESC
), verified AS (
  SELECT DISTINCT ON (lead_id) lead_id, grade FROM lead_event
  WHERE recorded_at <= :cut AND kind = 'verified' ORDER BY lead_id, id
), outcomes AS (
  SELECT lead_id, result, at, product, reason FROM outcome WHERE recorded_at <= :cut AND (until IS NULL OR until > :cut)
)
SELECT l.id, e.verdict, CASE WHEN v.lead_id IS NULL THEN e.grade ELSE v.grade END AS grade, e.owner, e.team, t.source,
  t.industry, t.region, t.size, coalesce(o.product, '') AS product, coalesce(o.reason, '') AS reason,
  coalesce(o.result, CASE WHEN e.verdict = 'invalid' THEN 'invalid' ELSE 'open' END) AS result,
  (l.opened_at AT TIME ZONE :zone)::date AS created_on, (o.at AT TIME ZONE :zone)::date AS closed_on,
  CASE WHEN o.result = 'won' THEN (o.at AT TIME ZONE :zone)::date
    - (coalesce(t.contact_at, l.opened_at) AT TIME ZONE :zone)::date END AS cycle
FROM lead l JOIN last e ON e.lead_id = l.id JOIN traits t ON t.lead_id = l.id
LEFT JOIN verified v ON v.lead_id = l.id LEFT JOIN outcomes o ON o.lead_id = l.id
WHERE e.status NOT IN ('joined', 'reverted', 'history');

SELECT date_trunc('month', created_on) AS month, grade, count(*), count(*) FILTER (WHERE verdict = 'valid'),
  count(*) FILTER (WHERE result = 'won'), count(*) FILTER (WHERE result = 'lost')
FROM fact GROUP BY 1, 2 ORDER BY 1, 2;

SELECT date_trunc('month', closed_on) AS month, grade, result, count(*), avg(cycle),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY cycle)
FROM fact WHERE closed_on IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;

SELECT grouping(grade, source, industry, region, size, product, owner, team), grade, source, industry, region, size,
  product, owner, team, count(*), count(*) FILTER (WHERE verdict = 'valid'), count(*) FILTER (WHERE result = 'won'),
  count(*) FILTER (WHERE result = 'lost'), avg(cycle), percentile_cont(0.5) WITHIN GROUP (ORDER BY cycle)
FROM fact WHERE created_on >= :first AND created_on <= :last
GROUP BY GROUPING SETS (grade, source, industry, region, size, product, owner, team, (source, industry),
  (source, grade), (industry, grade), (source, industry, grade));

SELECT grouping(grade, source, industry, region, size, product, owner, team), grade, source, industry, region, size,
  product, owner, team, count(*) FILTER (WHERE result = 'won'), count(*) FILTER (WHERE result = 'lost'), avg(cycle),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY cycle)
FROM fact WHERE closed_on >= :first AND closed_on <= :last
GROUP BY GROUPING SETS (grade, source, industry, region, size, product, owner, team, (source, industry),
  (source, grade), (industry, grade), (source, industry, grade));

SELECT reason, count(*) FROM fact WHERE result = 'lost' AND closed_on >= :first AND closed_on <= :last GROUP BY 1;

SELECT f.person, count(*), count(DISTINCT f.lead_id), count(*) FILTER (WHERE f.outcome <> 'not_reached'),
  count(*) FILTER (WHERE f.next_action IS NOT NULL),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY f.recorded_at - f.at)
FROM follow_up f JOIN fact t ON t.id = f.lead_id
WHERE f.recorded_at <= :cut AND (f.superseded_at IS NULL OR f.superseded_at > :cut)
  AND (f.at AT TIME ZONE :zone)::date >= :first AND (f.at AT TIME ZONE :zone)::date <= :last
GROUP BY GROUPING SETS ((), f.person);

SELECT t.owner, count(*) FROM fact t LEFT JOIN (
  SELECT lead_id, max(at) AS at FROM follow_up
  WHERE recorded_at <= :cut AND (superseded_at IS NULL OR superseded_at > :cut) GROUP BY lead_id
) l ON l.lead_id = t.id
WHERE t.result = 'open' AND t.owner <> ''
  AND coalesce((l.at AT TIME ZONE :zone)::date, t.created_on) < :last - 30 GROUP BY 1;

SELECT m.lead_id FROM (
  SELECT f.lead_id, count(*) AS n, bool_or(f.outcome <> 'not_reached') AS answered,
    bool_or(f.milestone IS NOT NULL OR f.stage IS NOT NULL OR f.tier IS NOT NULL OR f.confirmed <> '') AS moves,
    bool_or(f.next_action IS NULL) AS no_next, max(d.n) AS a_day
  FROM follow_up f JOIN (
    SELECT lead_id, (at AT TIME ZONE :zone)::date AS day, count(*) AS n FROM follow_up
    WHERE recorded_at <= :cut AND (at AT TIME ZONE :zone)::date >= :first AND (at AT TIME ZONE :zone)::date <= :last
    GROUP BY 1, 2
  ) d ON d.lead_id = f.lead_id AND d.day = (f.at AT TIME ZONE :zone)::date
  WHERE f.recorded_at <= :cut AND (f.at AT TIME ZONE :zone)::date >= :first AND (f.at AT TIME ZONE :zone)::date <= :last
  GROUP BY f.lead_id
) m WHERE (m.n >= 3 AND NOT m.answered) OR (m.n >= 6 AND NOT m.moves) OR m.no_next OR m.a_day >= 3;
