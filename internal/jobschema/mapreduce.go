package jobschema

func mapreduce() rule {
	return kind("mapreduce", "tables of any size: expressions, groups, sums, extremes", float64Only, cpuOnly(),
		need("files", list(text("a file"), "names or patterns (* ? [a-z]) of CSV files").filled().also(text(""))),
		may("separator", text("one character, or tab").or(",")),
		may("header", list(text("a name"), "columns of files that have no header; default: their first line").filled()),
		may("missing", list(text("a text"), "what stands for no number, besides nothing; default NA, N/A, NaN, nan, null, NULL")),
		may("bad_rows", words("what becomes of rows that cannot be read", "skip", "fail").or("skip")),
		may("split", atLeast(0, "MiB of a range that is read at once; 0: files are not cut").or(64)),
		may("columns", named(text("a column"), "names in expressions of columns that are no names there")),
		may("let", named(text("an expression"), "named expressions of columns")),
		may("where", text("a condition: rows that count; default: all")),
		may("group", list(group(), "columns, or expressions with a name; default: one group").also(text(""))),
		need("reduce", named(reduction(), "columns of groups.csv").filled()),
		may("output", section("what is written", figures())),
	)
}

func group() rule {
	return text("a column, or {name: expression}").also(rule{
		"type": types{"object"}, "additionalProperties": text("an expression"), "minProperties": 1, "maxProperties": 1})
}

func reduction() rule {
	return section("count, or an operation with an expression",
		either("count", text("rows with a value")),
		either("sum", text("exact, rounded once")),
		either("mean", text("the mean")),
		either("min", text("the least value")),
		either("max", text("the greatest value")),
		either("argmin", text("the least value and where it is: .file, .line")),
		either("argmax", text("the greatest value and where it is: .file, .line")),
		may("show", list(text("a column"), "of argmin and argmax: columns of that row")),
	).one("count", "sum", "mean", "min", "max", "argmin", "argmax").word("count")
}
