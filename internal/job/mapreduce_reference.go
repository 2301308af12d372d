package job

import _ "embed"

// MapReduceReference is a job file of kind mapreduce with every key, its default and
// its legal values.
//
//go:embed mapreduce_reference.yaml
var MapReduceReference string
