package job

// waveUnits are the names of the units in which the job gives its numbers, for the
// axes of pictures: nothing is converted. "" is none.
type waveUnits struct{ length, time, pressure, density string }

// units reads {length: m, time: s, pressure: Pa, density: kg/m³}, none of them
// needed.
func (parent *section) units() (u waveUnits) {
	v := parent.get("units")
	if v == nil {
		return u
	}
	s := parent.section(v, parent.at("units"))
	defer s.close()
	for _, k := range []struct {
		key  string
		unit *string
	}{{"length", &u.length}, {"time", &u.time}, {"pressure", &u.pressure}, {"density", &u.density}} {
		if v := s.get(k.key); v != nil {
			*k.unit = s.text(v, s.at(k.key))
		}
	}
	return u
}

// speed is the unit of speeds and velocities.
func (u waveUnits) speed() string {
	if u.length == "" || u.time == "" {
		return ""
	}
	return u.length + "/" + u.time
}

// energy is the unit of energies: those of a plane are integrals of pressures over an area.
func (u waveUnits) energy() string {
	if u.pressure == "" || u.length == "" {
		return ""
	}
	return u.pressure + " " + u.length + "²"
}

// field is the unit of a field that is received.
func (u waveUnits) field(word string) string {
	if word == fieldWords[0] {
		return u.pressure
	}
	return u.speed()
}

// in is a quantity with its unit, as the label of an axis.
func in(quantity, unit string) string {
	if unit == "" {
		return quantity
	}
	return quantity + " (" + unit + ")"
}

// at is a time with its unit, as a title.
func (u waveUnits) at(time string) string {
	if u.time != "" {
		time += " " + u.time
	}
	return "t = " + time
}
