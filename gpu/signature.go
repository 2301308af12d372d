package gpu

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	comment   = regexp.MustCompile(`(?s)/\*.*?\*/|//[^\n]*`)
	signature = regexp.MustCompile(`\bKERNEL\s+(\w+)\s*\(([^()]*)\)`)
	pointer   = regexp.MustCompile(`^GLOBAL\s+[\w\s]+\*\s*(RESTRICT\s+)?\w+$`)
	number    = regexp.MustCompile(`^(?:const\s+)?(\w+)\s+\w+$`)
)

// parse finds the kernels of a source and the types of their parameters. It knows no
// preprocessor: a kernel that is there in two variants has the same types in both.
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
			for p := range strings.SplitSeq(list, ",") {
				k, ok := parameter(strings.TrimSpace(p), types)
				if !ok {
					return nil, fmt.Errorf("gpu: %s: %w: kernel %s: parameter %q, want GLOBAL TYPE *NAME, or int, uint, long, ulong, float, double or real",
						s.Name, ErrArgument, name, strings.TrimSpace(p))
				}
				kinds = append(kinds, k)
			}
		}
		if other, ok := all[name]; ok && !slices.Equal(other, kinds) {
			return nil, fmt.Errorf("gpu: %s: %w: kernel %s takes %v and %v, want one list of parameters", s.Name, ErrArgument, name, other, kinds)
		}
		all[name] = kinds
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("gpu: %s: %w: no kernel: they begin with KERNEL name(", s.Name, ErrArgument)
	}
	return all, nil
}

// parameter is the type of one, as int n, const real a or GLOBAL const real *RESTRICT x.
func parameter(text string, types map[string]kind) (kind, bool) {
	if pointer.MatchString(text) {
		return kindBuffer, true
	}
	m := number.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	k, ok := types[m[1]]
	return k, ok
}
