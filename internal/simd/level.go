package simd

import (
	"fmt"
	"slices"
	"strings"
)

// Levels lists the implementations that the CPU runs, the best last.
func Levels() []string {
	var names []string
	for i := range implementations {
		names = append(names, implementations[i].level)
	}
	return names
}

// SetLevel puts another of Levels in use, for benchmarks that compare them in
// one process. No other function of the package may run meanwhile.
func SetLevel(level string) error {
	i := slices.Index(Levels(), level)
	if i < 0 {
		return fmt.Errorf("level %q: this CPU runs %s", level, strings.Join(Levels(), ", "))
	}
	active = &implementations[i]
	return nil
}

// Lanes is the number of elements of a vector of the level in use.
func Lanes[T Float]() int { return use[T]().lanes }
