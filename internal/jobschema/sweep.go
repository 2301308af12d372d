package jobschema

func sweep() rule {
	return kind("sweep", "many runs of a job or a program", bothFloats, cpuOnly(),
		either("job", text("the job that is varied: a file, or the job itself").also(job("", varied))),
		either("command", list(text("an argument"), `a program, in place of job: [./simulator, "{rho}"]; what it prints last is its result`).also(section("",
			need("run", list(text("an argument"), "program and arguments; {rho} is the value of rho").filled()),
			may("files", list(text("a file"), "what it finds in its directory")),
			may("dir", text("where a program with a slash in its name is").or(".")),
			may("timeout", atLeast(0, "seconds; 0: none").or(0)),
		)).filled()),
		either("vary", named(axis(), "dotted paths into the job, or names of placeholders, with their values; all combinations are run").filled()),
		either("table", text("in place of vary, a CSV file with a column for each parameter and a row for each run")),
		may("constraints", list(text("a condition on numbers"), "what must hold, by the last step of the path")),
		may("criterion", single("what makes a run the best: a path into result.json",
			either("minimize", text("errors.u.relative_l2")),
			either("maximize", text("errors.u.relative_l2")))),
		may("halving", section("successive halving; default: all points are run in full",
			need("budget", text("the key that tells what a run may cost")),
			need("min", positive("budget of the first runs, one at each point")),
			need("max", positive("budget of the last runs")),
			may("eta", above(1, "the best 1/eta go on, with eta times the budget").or(3)))),
		may("output", section("what is written", figures())),
	).one("job", "command").one("vary", "table").add(rule{"dependentRequired": rule{"halving": []string{"criterion"}}})
}

// axis are the values of a parameter.
func axis() rule {
	return list(rule{}, "a list of values, or {from: 1, to: 4, n: 4}").filled().also(section("",
		need("from", number("the first value")),
		need("to", number("the last value")),
		need("n", whole(2, "how many values")),
		may("log", flag("equal ratios, not equal steps").or(false)),
	))
}
