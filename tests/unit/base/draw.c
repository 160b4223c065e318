/* tests/unit/base/draw.c: means and variances of 200,000 numbers, within five standard errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include "base/draw.h"

#define N 200000

enum which { UNIFORM, NORMAL, GAMMA, POISSON, BINOMIAL, BURSTS };

static double
draw(struct rand_stream *r, enum which which, double a, double b)
{
	switch (which) {
	case UNIFORM: return draw_uniform(r);
	case NORMAL: return draw_normal(r);
	case GAMMA: return draw_gamma(r, a);
	case POISSON: return (double)draw_poisson(r, a);
	case BINOMIAL: return (double)draw_binomial(r, (int64_t)a, b);
	case BURSTS: return (double)draw_bursts(r, (int64_t)a, b);
	}
	return NAN;
}

static void
means_and_variances_are_those_of_the_distributions(void **state)
{
	static const struct {
		enum which which;
		double a, b, mean, variance;
	} cases[] = {
		{ UNIFORM, 0, 0, 0.5, 1.0 / 12 },
		{ NORMAL, 0, 0, 0, 1 },
		{ GAMMA, 1, 0, 1, 1 },
		{ GAMMA, 30, 0, 30, 30 },
		{ POISSON, 0.3, 0, 0.3, 0.3 },
		{ POISSON, 9.9, 0, 9.9, 9.9 },
		{ POISSON, 10.1, 0, 10.1, 10.1 },
		{ POISSON, 1500, 0, 1500, 1500 },
		{ BINOMIAL, 20, 0.01, 0.2, 0.198 },
		{ BINOMIAL, 1000, 0.009, 9, 8.919 },
		{ BINOMIAL, 1000, 0.02, 20, 19.6 },
		{ BINOMIAL, 40, 0.5, 20, 10 },
		{ BINOMIAL, 100, 0.97, 97, 2.91 },
		{ BINOMIAL, 3000, 0.8, 2400, 480 },
		{ BURSTS, 1, 2, 2, 2 },
		{ BURSTS, 5, 8, 40, 280 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rand_stream r = rand_stream(7, "draw");
		double sum = 0, squares = 0, fourth = 0, mean, variance, error;

		for (size_t k = 0; k < N; k++) {
			double d = draw(&r, cases[i].which, cases[i].a, cases[i].b) - cases[i].mean;

			sum += d;
			squares += d * d;
			fourth += d * d * d * d;
		}
		mean = sum / N;
		variance = squares / N;
		error = sqrt((fourth / N - variance * variance) / N);
		if (fabs(mean) > 5 * sqrt(cases[i].variance / N) ||
		    fabs(variance - cases[i].variance) > 5 * error + 1e-9)
			fail_msg("case %zu: the mean differs by %g, the variance is %g, want %g", i, mean, variance,
			    cases[i].variance);
	}
}

static void
what_cannot_happen_does_not(void **state)
{
	struct rand_stream r = rand_stream(1, "draw");

	(void)state;
	assert_int_equal(draw_poisson(&r, 0), 0);
	assert_int_equal(draw_poisson(&r, -1), 0);
	assert_int_equal(draw_poisson(&r, NAN), 0);
	assert_int_equal(draw_binomial(&r, 0, 0.5), 0);
	assert_int_equal(draw_binomial(&r, 10, 0), 0);
	assert_int_equal(draw_binomial(&r, 10, 1.5), 10);
	assert_int_equal(draw_binomial(&r, -3, 0.5), 0);
	assert_int_equal(draw_bursts(&r, 0, 4), 0);
	assert_int_equal(draw_bursts(&r, 3, 1), 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(means_and_variances_are_those_of_the_distributions),
		cmocka_unit_test(what_cannot_happen_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
