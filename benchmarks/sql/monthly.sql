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
