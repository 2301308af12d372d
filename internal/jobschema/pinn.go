package jobschema

func pinn() rule {
	return kind("pinn", "a problem solved by physics-informed neural networks", bothFloats, cpuOnly(),
		need("domain", named(interval("[low, high]"), "the independent variables and their intervals; one that is called t is time").filled()),
		need("fields", list(text("a name"), "the unknown functions").filled()),
		may("parameters", named(number("starting value"), "numbers to be found along with the fields (inverse problems)")),
		may("let", named(text("an expression"), "named sub-expressions; one may use those before it")),
		need("equations", list(equation(), "at least one for each field")),
		may("conditions", list(condition(), "initial and boundary conditions, data")),
		may("ansatz", named(text("an expression of the variables and N"), "fields as expressions of N, their network, so that conditions hold exactly")),
		may("reference", section("what the solution is compared with: file or exact",
			either("file", text("a table: CSV with the variables and fields")),
			either("exact", named(text("an expression"), "the fields, by expressions of variables, constants and lets")),
			may("grid", named(whole(2, "levels"), "levels of each variable for exact; default 101 each, 21 in three variables or more")),
		).one("file", "exact").onlyWithout("grid", "file")),
		may("network", section("the networks",
			may("hidden", list(whole(1, "neurons"), "widths of the hidden layers; default [20, 20, 20, 20]").filled()),
			may("activation", words("of the hidden layers", "tanh", "sin", "sigmoid", "swish", "softplus").or("tanh")),
			may("shared", flag("one network with an output a field, not one network a field").or(false)),
			may("scale", named(number("a factor"), "factors on the networks of fields without ansatz; default from the conditions")),
		)),
		may("points", section("where equations and conditions are to hold",
			may("interior", whole(1, "collocation points of the equations").or(4096)),
			may("boundary", whole(1, "points of each condition").or(256)),
			may("strategy", words("how the points are spread", "sobol", "lhs", "random", "grid").or("sobol")),
			may("resample", section("draw the interior points anew where residuals are large; default: they stay",
				may("every", whole(1, "iterations between draws").or(500)),
				may("candidates", whole(1, "uniform points to draw from; default 5 x interior")),
				may("k", positive("drawn with probability proportional to |r|^k / mean(|r|^k) + c").or(1)),
				may("c", positive("drawn with probability proportional to |r|^k / mean(|r|^k) + c").or(1)),
			)),
		)),
		may("train", list(stage(), "stages, each starting where the one before stopped; auto: adam, then ssbroyden").filled().word("auto").or("auto")),
		may("output", section("what is written",
			figures(),
			may("checkpoint", positive("seconds between checkpoints").or(60)),
			may("log", whole(1, "iterations between rows of history.csv").or(10)),
		)),
	)
}

func weight() property {
	return may("weight", positive("factor of the mean square residual in the loss").or(1))
}

func equation() rule {
	return text("an equation, u_t + u*u_x = nu*u_xx").also(section("",
		need("equation", text("its text")),
		weight(),
	))
}

func condition() rule {
	return text("u = 0 at x=1, u_x = 0 at x=1, t=0, integral(p, x) = 1 or periodic in x; or with a weight").also(section("",
		either("equation", text("EQUATION at VARIABLE=VALUE")),
		either("data", text("a table whose values fields take: CSV")),
		may("points", whole(1, "default: that of points.boundary, 64 for integrals")),
		weight(),
	).one("equation", "data").onlyWithout("points", "data"))
}

func stage() rule {
	settings := func(about, objective string, own ...property) rule {
		return section(about, append(own,
			need("iterations", whole(1, "the most iterations of the stage")),
			may("tolerance", atLeast(0, "stop when the loss is below; 0: never").or(0)),
			may("objective", words("what is minimised: the loss, its root or its logarithm", "loss", "sqrt", "log").or(objective)),
		)...)
	}
	return single("an optimizer with its settings",
		either("adam", settings("Adam, for the start", "loss",
			may("rate", positive("learning rate").or(1e-3)),
			may("schedule", schedule()))),
		either("lbfgs", settings("L-BFGS, for large networks", "log",
			may("memory", whole(1, "steps that are remembered").or(20)))),
		either("ssbroyden", settings("self-scaled Broyden, which converges furthest", "log")),
		either("ssbfgs", settings("self-scaled BFGS", "log")),
		either("bfgs", settings("BFGS", "log")),
	)
}

func schedule() rule {
	warmup := may("warmup", whole(0, "iterations of linear rise before").or(0))
	factor := may("factor", positive("the factor").atMost(1).or(0.9))
	every := may("every", whole(1, "iterations of a factor").or(1000))
	return variant("the rate's factor by iteration n; default: constant",
		"kind", "factor^(n/every), the same in whole steps, a cosine, or constant",
		with("exponential", section("", factor, every, warmup)),
		with("staircase", section("", factor, every, warmup)),
		with("cosine", section("",
			need("over", whole(1, "iterations that the cosine takes, from 1 to final")),
			may("final", atLeast(0, "where it ends").atMost(1).or(0)),
			warmup)),
		with("constant", section("", warmup)),
	)
}
