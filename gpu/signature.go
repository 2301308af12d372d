package gpu

import (
	"fmt"
	"regexp"
	"strings"
)

var (
	comment   = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)
	signature = regexp.MustCompile(`\bKERNEL\s+(\w+)\s*\(([^()]*)\)`)
	word      = regexp.MustCompile(`\w+`)
)

// parse finds the kernels of a source and the types of their parameters.
func parse(s Source) (map[string][]kind, error) {
	real := kindFloat
	if s.Double {
		real = kindDouble
	}
	types := map[string]kind{
		"int": kindInt, "uint": kindUint, "long": kindLong, "ulong": kindUlong,
		"float": kindFloat, "double": kindDouble, "real": real,
	}
	all := map[string][]kind{}
	for _, m := range signature.FindAllStringSubmatch(comment.ReplaceAllString(s.Text, " "), -1) {
		name, list := m[1], strings.TrimSpace(m[2])
		kinds := []kind{}
		if list != "" && list != "void" {
			for _, p := range strings.Split(list, ",") {
				k, ok := parameter(p, types)
				if !ok {
					return nil, fmt.Errorf("gpu: %s: %w: kernel %s: parameter %q, want GLOBAL ... *NAME, or int, uint, long, ulong, float, double or real",
						s.Name, ErrArgument, name, strings.TrimSpace(p))
				}
				kinds = append(kinds, k)
			}
		}
		all[name] = kinds
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("gpu: %s: %w: no kernel: they begin with KERNEL name(", s.Name, ErrArgument)
	}
	return all, nil
}

// parameter is the type of one, as int n, const real a or GLOBAL real *x.
func parameter(text string, types map[string]kind) (kind, bool) {
	if strings.Contains(text, "*") {
		return kindBuffer, strings.Contains(text, "GLOBAL")
	}
	words := word.FindAllString(text, -1)
	if len(words) > 0 && words[0] == "const" {
		words = words[1:]
	}
	if len(words) != 2 {
		return 0, false
	}
	k, ok := types[words[0]]
	return k, ok
}
