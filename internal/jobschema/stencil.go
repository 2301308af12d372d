package jobschema

func stencil() rule {
	device := rule{"type": types{"string"}, "pattern": "^(cpu|auto|(opencl|cuda|hip):[0-9]+)$",
		"description": "cpu, opencl:N, cuda:N, hip:N, auto", "examples": []string{"cpu", "auto", "opencl:0", "cuda:0", "hip:0"}}
	return kind("stencil", "acoustic waves in two dimensions", bothFloats, device,
		need("grid", section("points and lengths",
			need("n", pair(whole(2, "points"), "numbers of points in x and y")),
			need("length", pair(positive("a length"), "lengths in x and y, from the first point to the last")),
		)),
		may("medium", section("where waves travel",
			may("density", values("density").or(1)),
			may("bulk_modulus", values("density*speed^2; default 1, without speed")),
			may("speed", values("speed of waves")),
			may("average", whole(1, "n: means of n x n places in the cell of a point, for jumps that do not lie half-way between points").atMost(64).or(1)),
		).notBoth("bulk_modulus", "speed")),
		may("initial", section("the fields at the start",
			may("pressure", values("default 0")),
			may("vx", values("half a step before the start, at faces: ny rows of nx + 1; default 0")),
			may("vy", values("half a step before the start, at faces: ny + 1 rows of nx; default 0")),
		)),
		may("sources", list(source(), "default none")),
		may("receivers", list(receiver(), "what they see goes to receivers.csv and receivers.npy; default none")),
		may("boundary", section("what is half a cell outside the outermost points",
			may("all", side("all sides that have no key of their own").or("rigid")),
			may("x0", side("the side of the least x")),
			may("x1", side("the side of the greatest x")),
			may("y0", side("the side of the least y")),
			may("y1", side("the side of the greatest y")),
		)),
		may("faces", words("inner: velocities along the outermost points stay zero, with order 2", "all", "inner").or("all")),
		may("order", evenOrder()),
		may("cfl", positive("the step as a share of the largest stable one; default dt = min(dx, dy)/fastest/4.1")),
		may("dt", positive("time step, in place of cfl")),
		either("steps", whole(1, "how many steps to take")),
		either("time", positive("how long, in place of steps")),
		may("plan", section("how to go over the grid; changes no numbers; default from the caches",
			may("width", whole(1, "of a tile, in points")),
			may("height", whole(1, "of a tile, in points")),
			may("steps", whole(1, "of a tile at once")),
			may("bands", flag("parts of the grid a core each").or(false)),
		)),
		may("output", section("what is written",
			may("every", whole(1, "steps between outputs; default a hundredth of all")),
			may("animation", someOf("moving pictures of the pressure: a file, or frames/", "gif", "png")),
			may("snapshots", someOf("fields in files: NumPy, ParaView", "npy", "vti")),
			may("fields", fields("of the snapshots; default [pressure]")),
			may("energy", flag("write energy.csv").or(false)),
			may("y_down", flag("y downwards in pictures: for depths").or(false)),
			may("units", section("names for the axes of pictures, converting nothing",
				may("length", text("such as m; default none")), may("time", text("such as s; default none")),
				may("pressure", text("such as Pa; default none")), may("density", text("such as kg/m³; default none")))),
			figures(),
			may("checkpoint", positive("seconds between checkpoints").or(60)),
		)),
	).notBoth("dt", "cfl").one("steps", "time")
}

// values are numbers on the grid.
func values(about string) rule {
	return number("a number, an expression of x and y, or {file: values.npy}: " + about).also(section("",
		need("file", text("NPY, or CSV without a header: ny rows of nx numbers, the first row at y = 0"))))
}

func evenOrder() rule {
	r := whole(2, "of accuracy in space: 2, 4, 6 or 8").atMost(8).or(2)
	r["multipleOf"] = 2
	return r
}

// someOf is a word, a list of words, or none.
func someOf(about string, legal ...string) rule {
	return list(words("a format", legal...), about).word(append(legal, "none")...).or("none")
}

func fields(about string) rule {
	return list(words("a field", "pressure", "vx", "vy"), about).filled()
}

func place(about string) rule { return pair(number("a coordinate"), about) }

func interpolation() property {
	return may("interpolation", words("between the points; sinc is better, of 8 x 8 of them", "bilinear", "sinc").or("bilinear"))
}

func source() rule {
	amplitude := may("amplitude", number("a factor").or(1))
	wavelet := func(about string) rule {
		return section(about,
			need("frequency", positive("at which the spectrum has its peak")),
			amplitude,
			may("delay", number("the time of the peak; default 1.5/frequency")))
	}
	return section("a source",
		need("at", place("its position, [x, y]")),
		may("field", words("what it feeds: the pressure, or a force", "pressure", "force_x", "force_y").or("pressure")),
		interpolation(),
		either("ricker", wavelet("Ricker's wavelet")),
		either("gaussian_derivative", wavelet("first derivative of a Gaussian")),
		either("tone_burst", section("some cycles of a sine",
			need("frequency", positive("of the sine")),
			amplitude,
			may("cycles", whole(1, "how many").or(5)))),
		either("series", section("a signal in a file, linear between its values",
			need("file", text("a value a line, or NPY")),
			need("dt", positive("time between two values")),
			amplitude)),
	).one("ricker", "gaussian_derivative", "tone_burst", "series")
}

func receiver() rule {
	return section("a receiver, or a line of them",
		either("at", place("its position, [x, y]")),
		either("line", section("many receivers, equally far apart",
			need("from", place("where the line begins, [x, y]")),
			need("to", place("where it ends, [x, y]")),
			need("n", whole(2, "how many")))),
		may("fields", fields("what is received; default [pressure]")),
		interpolation(),
	).one("at", "line")
}

func side(about string) rule {
	cells := whole(2, "cells of the layer, within the grid")
	layer := func(own ...property) rule {
		return whole(2, "so many cells, within the grid").also(section("", append(own, may("cells", cells.or(20)))...))
	}
	return rule{"type": types{}, "description": "rigid, free (p = 0), periodic, {cpml: 20} or {sponge: 20}: " + about}.also(single("",
		either("cpml", layer(
			may("frequency", positive("of a narrow band, for waves along the side; default: a broad band")),
			may("speed", positive("of these waves; default the largest of the medium")))),
		either("sponge", layer()),
	)).word("rigid", "free", "periodic", "cpml", "sponge")
}
