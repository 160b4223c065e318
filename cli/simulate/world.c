/* cli/simulate/world.c: draws the requests of each pod, their errors and latencies. */
#include "cli/simulate/world.h"
#include <math.h>
#include <string.h>
#include "base/str.h"

#define WORLD_MEDIAN_S 0.08 /* of the latency, which is lognormal */
#define WORLD_SIGMA 0.8 /* its 95th percentile is 0.3 s */
#define WORLD_OUTAGE 5 /* factor of the error rate of all pods */
#define WORLD_COLD_MS 20000 /* in which a new pod's extra latency falls to a third */
#define WORLD_RESTART_MS 60000 /* from one crash of a pod to the next */
#define WORLD_CRASHED 0.5 /* share of the requests to a pod that crashes again and again which fail */
#define WORLD_MINUTE_MS 60000
#define WORLD_DAY_MS 86400000.0
#define WORLD_FAST_MS 60000 /* correlation time of a pod's drift */
#define WORLD_COMMON_MS 120000 /* of the load, and of the latency of all pods */

const double world_bounds[WORLD_BUCKETS] = { 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, INFINITY };

static const struct world_kind world_kinds[] = {
	{ "clean", 0, 0, 1, 0, 0, 0, 0, 0 },
	{ "usual", 0.15, 0.2, 2, 1.0 / 40, 0.03, 0.03, 0.1, 2 },
	{ "rough", 0.4, 0.5, 8, 1.0 / 20, 0.1, 0.1, 0.2, 4 },
};

struct world {
	struct arena *arena;
	struct world_settings settings;
	int64_t now, start, next_scrape;
	int64_t weight;
	int64_t new_since; /* its first request; -1: none yet */
	int64_t crash_since; /* -1: no pod crashes */
	struct rand_stream rand;
	double day; /* phase of the load */
	double load, slow; /* AR(1) processes of all pods */
	bool shock, shock_before; /* an outage lasts two scrape intervals */
	struct world_pod **pods;
	size_t n, capacity;
	size_t samples; /* of all series */
	struct world_users users;
};

const struct world_kind *
world_kind(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(world_kinds); i++)
		if (str_eq(world_kinds[i].name, name))
			return &world_kinds[i];
	return NULL;
}

struct world *
world_new(struct arena *a, const struct world_settings *settings, int64_t start)
{
	struct world *w = arena_alloc(a, sizeof(*w));

	w->arena = a;
	w->settings = *settings;
	w->now = w->start = start;
	w->new_since = w->crash_since = -1;
	w->rand = rand_stream(settings->seed, "world");
	w->next_scrape = start + 1 + (int64_t)rand_below(&w->rand, WORLD_SCRAPE_MS);
	w->day = draw_uniform(&w->rand);
	w->load = draw_normal(&w->rand);
	w->slow = draw_normal(&w->rand);
	return w;
}

struct world_pod *
world_pod(struct world *w, const char *name, const char *hash, bool is_new)
{
	struct world_pod *pod;

	for (size_t i = 0; i < w->n; i++)
		if (strcmp(w->pods[i]->name, name) == 0)
			return w->pods[i];
	pod = arena_alloc(w->arena, sizeof(*pod));
	pod->name = arena_strdup(w->arena, name);
	pod->hash = arena_strdup(w->arena, hash);
	pod->is_new = is_new;
	pod->ready_at = -1;
	/* Pods have streams of their own: what one draws does not change the others. */
	pod->rand = rand_stream(w->settings.seed, arena_printf(w->arena, "pod %zu", w->n));
	pod->share = draw_gamma(&pod->rand, 30);
	pod->bias = draw_normal(&pod->rand);
	pod->drift = draw_normal(&pod->rand);
	pod->slow_bias = draw_normal(&pod->rand);
	pod->slow_drift = draw_normal(&pod->rand);
	w->pods = arena_grow(w->arena, w->pods, w->n, &w->capacity, sizeof(struct world_pod *));
	w->pods[w->n++] = pod;
	return pod;
}

void
world_pod_ready(struct world *w, struct world_pod *pod, bool ready)
{
	if (!ready || pod->gone)
		pod->ready_at = -1;
	else if (pod->ready_at < 0)
		pod->ready_at = w->now;
}

void
world_pod_gone(struct world *w, struct world_pod *pod)
{
	pod->gone = true;
	pod->ready_at = -1;
	(void)w;
}

void
world_weight(struct world *w, int64_t percent)
{
	w->weight = percent < 0 ? 0 : percent > 100 ? 100 : percent;
}

/* --- one pod --- */

/* Returns whether the fault of the new version has begun. */
static bool
world_is_faulty(const struct world *w, const struct world_pod *pod)
{
	return pod->is_new && w->new_since >= 0 && w->now - w->new_since >= w->settings.fault.late_ms;
}

/* Returns the error rate of a pod, without the fault of its version. What pods and times differ by is a factor of the
 * odds, which is one of the rate while errors are few. */
static double
world_errors(const struct world *w, const struct world_pod *pod)
{
	const struct world_kind *k = w->settings.kind;
	double p = w->settings.errors, factor = exp(k->pods * pod->bias + k->drift * pod->drift -
						    (k->pods * k->pods + k->drift * k->drift) / 2);

	if (w->shock || w->shock_before)
		factor *= WORLD_OUTAGE;
	return p * factor / (1 - p + p * factor);
}

static double
world_faulty_errors(const struct world *w, const struct world_pod *pod, double p)
{
	if (!world_is_faulty(w, pod))
		return p;
	p = p * w->settings.fault.ratio + w->settings.fault.more;
	p = p > 1 ? 1 : p;
	return w->crash_since >= 0 ? 1 - (1 - p) * (1 - WORLD_CRASHED) : p;
}

/* Returns the logarithm of the median latency, without the fault of its version. */
static double
world_latency(const struct world *w, const struct world_pod *pod)
{
	const struct world_kind *k = w->settings.kind;
	double age = (double)(w->now - pod->ready_at);

	return log(WORLD_MEDIAN_S) + k->slow_pods * pod->slow_bias + k->slow_drift * pod->slow_drift +
	       k->slow_common * w->slow + log1p(k->cold * exp(-age / WORLD_COLD_MS));
}

static double
world_faulty_latency(const struct world *w, const struct world_pod *pod, double mu)
{
	const struct world_fault *f = &w->settings.fault;

	if (!world_is_faulty(w, pod))
		return mu;
	return mu + log(f->latency) + log1p(f->leak * (double)(w->now - pod->ready_at) / WORLD_MINUTE_MS);
}

/* Returns the share of requests that take longer. */
static double
world_tail(double seconds, double mu)
{
	return 0.5 * erfc((log(seconds) - mu) / (WORLD_SIGMA * sqrt(2)));
}

/* Draws how many of n requests fail. The rarer kind, failed or good ones, comes in bursts: there are seldom more than n
 * of it, so that the share remains p. */
static int64_t
world_draw_errors(const struct world *w, struct rand_stream *r, int64_t n, double p)
{
	double burst = w->settings.kind->burst, rare = p <= 0.5 ? p : 1 - p;
	int64_t x;

	if (burst <= 1)
		return draw_binomial(r, n, p);
	x = draw_bursts(r, draw_poisson(r, (double)n * rare / burst), burst);
	x = x < n ? x : n;
	return p <= 0.5 ? x : n - x;
}

/* Counts the requests of each bucket. Returns those that are slow for a user. */
static double
world_draw_latency(struct world_pod *pod, int64_t n, double mu)
{
	double above = 1, mean = exp(mu + WORLD_SIGMA * WORLD_SIGMA / 2), slow = 0;
	double spread = mean * sqrt((exp(WORLD_SIGMA * WORLD_SIGMA) - 1) * (double)n);
	double sum = (double)n * mean + spread * draw_normal(&pod->rand);
	int64_t left = n;

	pod->counters[WORLD_SUM].value += sum > 0 ? sum : 0;
	for (size_t i = 0; i < WORLD_BUCKETS; i++) {
		double tail = isinf(world_bounds[i]) ? 0 : world_tail(world_bounds[i], mu);

		left = draw_binomial(&pod->rand, left, above > 0 ? tail / above : 0);
		above = tail;
		pod->counters[WORLD_BUCKET + i].value += (double)(n - left);
		if (world_bounds[i] == WORLD_SLOW_S)
			slow = (double)left;
	}
	return slow;
}

/* Lets requests arrive at a pod; `mean` of them are expected. */
static void
world_serve(struct world *w, struct world_pod *pod, double mean)
{
	double p = world_errors(w, pod), mu = world_latency(w, pod), slow;
	int64_t n = draw_poisson(&pod->rand, mean), failed, otherwise;
	struct rand_stream same;

	if (n == 0)
		return;
	if (pod->is_new && w->new_since < 0)
		w->new_since = w->now;
	/* The old version would have had the same luck. */
	same = pod->rand;
	otherwise = world_draw_errors(w, &same, n, p);
	failed = world_draw_errors(w, &pod->rand, n, world_faulty_errors(w, pod, p));
	slow = world_draw_latency(pod, n, world_faulty_latency(w, pod, mu));
	pod->counters[WORLD_OK].value += (double)(n - failed);
	pod->counters[WORLD_FAILED].value += (double)failed;
	pod->counters[WORLD_COUNT].value += (double)n;
	if (!pod->is_new)
		return;
	w->users.requests += (double)n;
	w->users.failed += (double)failed;
	w->users.slow += slow;
	w->users.expected += (double)otherwise + (double)n * world_tail(WORLD_SLOW_S, mu);
}

/* --- all pods --- */

/* Returns the sum of the shares of the ready pods of a version. */
static double
world_shares(const struct world *w, bool is_new)
{
	double sum = 0;

	for (size_t i = 0; i < w->n; i++)
		if (w->pods[i]->is_new == is_new && w->pods[i]->ready_at >= 0)
			sum += w->pods[i]->share;
	return sum;
}

/* Returns requests per second of all pods. */
static double
world_load(const struct world *w)
{
	double phase = 2 * M_PI * ((double)(w->now - w->start) / WORLD_DAY_MS + w->day);

	return w->settings.rps * (1 + 0.3 * sin(phase)) * exp(0.1 * w->load - 0.005);
}

static void
world_pass(struct world *w, int64_t until)
{
	double load = world_load(w) * (double)(until - w->now) / 1000;
	double old_pods = world_shares(w, false), new_pods = world_shares(w, true);
	double to_new = new_pods == 0 ? 0 : old_pods == 0 ? 1 : (double)w->weight / 100;

	for (size_t i = 0; i < w->n; i++) {
		struct world_pod *pod = w->pods[i];
		double part = pod->is_new ? to_new : 1 - to_new, all = pod->is_new ? new_pods : old_pods;

		if (pod->ready_at >= 0 && part > 0)
			world_serve(w, pod, load * part * pod->share / all);
	}
	w->now = until;
}

/* A process that crashes begins to count at 0. */
static void
world_restart(struct world *w, struct world_pod *pod)
{
	int64_t age = w->now - w->crash_since;

	if (pod->ready_at < 0 || !world_is_faulty(w, pod) ||
	    age / WORLD_RESTART_MS == (age - WORLD_SCRAPE_MS) / WORLD_RESTART_MS)
		return;
	for (size_t i = 0; i < WORLD_SERIES; i++)
		pod->counters[i].value = 0;
}

/* A client library has all buckets from the start; the counter of a code only after the first response with it. */
static void
world_scrape_pod(struct world *w, struct world_pod *pod)
{
	for (size_t i = 0; i < WORLD_SERIES; i++) {
		struct world_counter *c = &pod->counters[i];

		if (i <= WORLD_FAILED && c->n == 0 && c->value == 0)
			continue;
		c->samples = arena_grow(w->arena, c->samples, c->n, &c->capacity, sizeof(*c->samples));
		c->samples[c->n++] = (struct promql_sample){ w->now, c->value };
		w->samples++;
	}
}

static void
world_scrape(struct world *w)
{
	for (size_t i = 0; i < w->n; i++) {
		struct world_pod *pod = w->pods[i];

		if (pod->ready_at >= 0)
			world_scrape_pod(w, pod);
		else if (pod->gone && pod->gone_at == 0)
			pod->gone_at = w->now;
	}
}

/* Advances a stationary process with variance 1 by a scrape interval. */
static void
world_advance(struct rand_stream *r, double *x, double correlation_ms)
{
	double a = exp(-WORLD_SCRAPE_MS / correlation_ms);

	*x = a * *x + sqrt(1 - a * a) * draw_normal(r);
}

static void
world_next_interval(struct world *w)
{
	world_advance(&w->rand, &w->load, WORLD_COMMON_MS);
	world_advance(&w->rand, &w->slow, WORLD_COMMON_MS);
	w->shock_before = w->shock;
	w->shock = draw_uniform(&w->rand) < w->settings.kind->shock;
	if (w->crash_since < 0 && w->settings.fault.crash_weight >= 0 && w->new_since >= 0 &&
	    w->weight >= w->settings.fault.crash_weight)
		w->crash_since = w->now;
	for (size_t i = 0; i < w->n; i++) {
		world_advance(&w->pods[i]->rand, &w->pods[i]->drift, WORLD_FAST_MS);
		world_advance(&w->pods[i]->rand, &w->pods[i]->slow_drift, WORLD_FAST_MS);
		if (w->crash_since >= 0)
			world_restart(w, w->pods[i]);
	}
	w->next_scrape += WORLD_SCRAPE_MS;
}

struct err *
world_run(struct world *w, int64_t until)
{
	while (w->now < until) {
		world_pass(w, until < w->next_scrape ? until : w->next_scrape);
		if (w->now < w->next_scrape)
			break;
		world_scrape(w);
		world_next_interval(w);
		if (w->samples > WORLD_SAMPLES_MAX)
			return err_new(w->arena, ERR_INVALID,
			    "%zu pods for so much time have more than %d samples, the limit of a simulation", w->n,
			    WORLD_SAMPLES_MAX);
	}
	return NULL;
}

int64_t
world_now(const struct world *w)
{
	return w->now;
}

struct world_pod *const *
world_pods(const struct world *w, size_t *ret_n)
{
	*ret_n = w->n;
	return w->pods;
}

const struct world_users *
world_users(const struct world *w)
{
	return &w->users;
}
