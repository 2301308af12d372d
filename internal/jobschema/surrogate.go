package jobschema

func surrogate() rule {
	r := kind("surrogate", "an expensive function: samples, models of it, its optimum", float64Only, cpuOnly(),
		need("inputs", named(interval("[low, high]"), "the inputs and their intervals").filled()),
		may("response", text("name of what the function gives").or("y")),
		either("function", text("an expression of the inputs")),
		either("command", list(text("an argument"), `a program in place of function, started once for each point: [./simulator, "{x1}"]`).also(section("",
			need("run", list(text("an argument"), "program and arguments; {x1} is the value of x1")),
			may("dir", text("where it runs").or(".")),
			may("files", named(text("its text"), "input files to be written before, with {x1} and the like in their text")),
			may("output", text("file with the value; default: what the program prints")),
			may("pattern", text("regular expression for the value; default: the last number")),
			may("timeout", atLeast(0, "seconds before it is killed; 0: never").or(0)),
			may("retries", whole(0, "how often a failed run is repeated").or(0)),
			may("parallel", whole(0, "runs at once; default: threads")),
		))),
		either("data", text("a table: CSV whose header names the inputs and the response")),
		may("sample", plan()),
		may("models", list(defined("model"), "models to be compared; auto: the best in cross-validation; default [kriging]").word("auto")),
		may("validate", single("where models are compared with the function; or leave_one_out",
			either("folds", whole(2, "of a cross-validation; default 10")),
			either("grid", wholes(2, "levels of each input, or a number for all; needs function")),
			either("data", text("a table: CSV"))).word("leave_one_out")),
		may("optimize", optimize()),
		may("sensitivity", section("Sobol' indices of independent, uniform inputs; default: not",
			may("samples", whole(8, "rows of the base sample, best a power of 2").or(4096)),
			may("second_order", flag("also of pairs").or(false)),
			may("bootstrap", whole(2, "resamples for the intervals").or(200)),
			may("confidence", positive("of the intervals").atMost(1).or(0.95)),
			may("model", text("of which model; default: the function if it is text, else the best model")),
		)),
		may("output", section("what is written", figures())),
	).some("function", "command", "data").notBoth("function", "command").notBoth("data", "sample")
	r["$defs"] = rule{"model": model(), "kriging": kriging("the model that leads").orNothing()}
	return r
}

// defined is a definition of the kind.
func defined(name string) rule { return rule{"$ref": "#/$defs/surrogate/$defs/" + name} }

func wholes(least int, about string) rule {
	return whole(least, about).also(list(whole(least, "a number"), ""))
}

// each is a number, or a list of one for each input.
func each(about string) rule {
	return positive(about + "; a number, or one for each input").also(list(positive("a number"), ""))
}

func optimize() rule {
	common := func(own ...property) rule {
		return section("", append(own,
			may("maximize", flag("search the greatest value").or(false)),
			may("evaluations", whole(1, "at most, beyond the sample; default 20 for each input")),
			may("batch", whole(1, "points chosen at once, to be evaluated in parallel").or(1)),
			may("noisy", flag("values at one point differ").or(false)),
			may("target", number("stop at a value as good; default: none")),
			may("patience", whole(0, "stop after so many evaluations without a better value; 0: never").or(0)),
			may("time", atLeast(0, "seconds after which no points are chosen; 0: never").or(0)),
			either("kriging", defined("kriging")),
			may("constraints", list(text("a condition"), "conditions on the inputs, x1 + x2 <= 20")),
		)...)
	}
	return variant("search the least value; default: not", "method", "how points are chosen",
		with("expected_improvement", common(may("tolerance", atLeast(0, "stop when the expected improvement is below").or(0)))),
		with("lower_confidence_bound", common(may("weight", positive("in standard deviations").or(2)))),
		with("probability_of_improvement", common(may("margin", atLeast(0, "that a value must be better by").or(0)))),
		with("stochastic_rbf", common()),
	)
}

// model is a model by its word, or with its settings.
func model() rule {
	name := may("name", text("default: the kind of model"))
	scale := may("scale", flag("work in the unit cube, not in units of the inputs").or(false))
	return single("a model, by its word or with settings",
		may("kriging", kriging("Gaussian process", name)),
		may("inverse_distance", section("inverse distance weighting", name,
			may("p", atLeast(1, "exponent").or(2)),
			may("neighbours", whole(0, "only the nearest count; 0: all").or(0)),
			scale)),
		may("lobachevsky", section("Lobachevsky splines", name,
			may("alpha", each("inverse width").or(2)),
			may("n", whole(2, "order, even").atMost(30).or(4)),
			scale)),
		may("radial_basis", section("radial basis functions", name,
			may("kernel", words("of distances", "cubic", "linear", "thin_plate", "multiquadric", "gaussian", "wendland").or("cubic")),
			may("tail", words("polynomial; default: the least the kernel needs, at least constant", "none", "constant", "linear", "quadratic")),
			may("shape", positive("of multiquadric, gaussian and wendland; default: fitted")),
			may("smoothing", atLeast(0, "0: interpolation").or(0)))),
		may("polynomial", section("polynomial by least squares", name,
			may("degree", whole(1, "total degree").atMost(20).or(2)))),
		may("polynomial_chaos", section("sparse polynomial chaos", name,
			may("max_degree", whole(1, "total degree").atMost(50).or(20)),
			may("q", positive("of the hyperbolic index set; default 1 for fewer than 3 inputs").atMost(1)),
			may("max_terms", whole(1, "terms to choose from").or(10000)))),
		may("neural_network", section("neural network", name,
			may("hidden", list(whole(1, "neurons").atMost(1024), "widths of the hidden layers; default [20]").filled()),
			may("decay", positive("penalty on the weights").or(1e-7)),
			may("starts", whole(1, "initial weights that are tried").or(4)),
			may("iterations", whole(1, "at most, of each start").or(2000)),
			may("validation", atLeast(0, "share of the samples held out to stop by").atMost(1).or(0)))),
		may("ensemble", section("weighted mean of models", name,
			may("weights", words("how they are found", "optimal", "goel", "equal").or("optimal")),
			may("folds", whole(2, "of the cross-validation that the weights come from").or(10)),
			may("members", list(defined("model"), "the models; default those of models: auto").filled()))),
	).word("kriging", "inverse_distance", "lobachevsky", "radial_basis", "polynomial", "polynomial_chaos", "neural_network", "ensemble")
}

// kriging are the settings of a Gaussian process, with keys of its own.
func kriging(about string, own ...property) rule {
	return section(about, append(own,
		may("correlation", words("function of distances", "matern52", "matern32", "matern12", "gaussian", "power_exponential").or("matern52")),
		may("p", each("of power_exponential, above 0 and up to 2; default 1.9")),
		may("theta", each("hyperparameters to be used as they are; default: fitted")),
		may("lengths", each("the same as theta, as lengths; default: fitted")),
		may("nugget", atLeast(0, "variance of noise relative to that of the process; or fit").or(0)),
		may("trend", words("mean of the process; simple: a known one", "constant", "simple", "linear", "quadratic").or("constant")),
		may("mean", number("of trend simple; default 0")),
		may("criterion", words("of the fit", "likelihood", "leave_one_out").or("likelihood")),
		may("starts", whole(1, "local searches of the fit").or(10)),
		may("components", whole(1, "of partial least squares, fewer than inputs; default: a hyperparameter an input")),
	)...).onlyWith("p", "correlation", "power_exponential").onlyWith("mean", "trend", "simple").notBoth("theta", "lengths")
}
