package jobschema

func sample() rule {
	return kind("sample", "points of some inputs, to a file", float64Only, cpuOnly(),
		need("inputs", named(distribution(), "the inputs: intervals or distributions").filled()),
		need("sample", plan()),
		may("discrepancies", flag("how evenly the points are spread; default true up to 20,000 points")),
		may("output", section("what is written",
			may("points", list(words("a format", "csv", "npy"), "formats of the points; default [csv]")),
			figures(),
		)),
	)
}

// distribution is an interval or {normal: {mean: 0, sd: 1}}.
func distribution() rule {
	lower, upper := need("lower", number("lower end")), need("upper", number("upper end"))
	return interval("[low, high], or a distribution").also(single("",
		may("normal", section("normal distribution", may("mean", number("its mean").or(0)), may("sd", positive("its standard deviation").or(1)))),
		may("lognormal", section("of which the logarithm is normal",
			may("mu", number("mean of the logarithm").or(0)), may("sigma", positive("standard deviation of the logarithm").or(1)))),
		either("uniform", section("the same as an interval", lower, upper)),
		either("triangle", section("triangle distribution", lower, upper, may("mode", number("where its density is greatest; default: in the middle")))),
	))
}

// plan is the section sample, whose keys depend on the method.
func plan() rule {
	n := need("n", whole(1, "number of points; powers of 2 are best for sobol"))
	skip := may("skip", whole(0, "points left out at the start").or(0))
	scramble := func(ways ...string) property {
		return may("scramble", words("randomisation", append([]string{"none"}, ways...)...).or("none"))
	}
	midpoints := flag("points in the middle of their cells").or(false)
	return variant("where the points are", "method", "of making points",
		with("sobol", section("", n, skip, scramble("owen", "linear", "rotation"))),
		with("halton", section("", n, skip, may("leap", whole(1, "only every leap-th point").or(1)), scramble("permutation", "rotation"))),
		with("lhs", section("", n,
			may("centred", midpoints),
			may("optimise", words("exchanges better the least distance or the discrepancy", "none", "maximin", "discrepancy").or("none")),
			may("exchanges", whole(1, "how many; default 100 n a dimension, at most 1e8/n")),
		).onlyWith("exchanges", "optimise", "maximin", "discrepancy")),
		with("lattice", section("", n, scramble("rotation"))),
		with("kronecker", section("", n, skip, scramble("rotation"))),
		with("poisson", section("", need("radius", positive("smallest distance of two points in the unit cube")))),
		with("grid", section("",
			either("n", whole(1, "equally many levels for each input")),
			either("levels", list(whole(1, "levels"), "levels of each input")),
			may("midpoints", midpoints),
		).one("n", "levels").onlyWithout("n", "levels")),
		with("random", section("", n)),
	)
}
