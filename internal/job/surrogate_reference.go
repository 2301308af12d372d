package job

import _ "embed"

// SurrogateReference is a job file of kind surrogate with every key, its default
// and its legal values.
//
//go:embed surrogate_reference.yaml
var SurrogateReference string
