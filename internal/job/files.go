package job

import "os"

// Files are what a directory must hold for [Resume] to run the job there: job.yaml
// and what it reads, by names with slashes.
func (j *Job) Files() (map[string][]byte, error) { return j.files(os.ReadFile) }

// Spreads tells whether most of the job's work are tasks of a [Pool].
func (j *Job) Spreads() bool {
	switch t := j.task.(type) {
	case *sweepTask, *mapReduceTask:
		return true
	case *surrogateTask:
		return t.command != nil || t.auto
	}
	return false
}

func (j *Job) files(read func(path string) ([]byte, error)) (map[string][]byte, error) {
	names, from := j.inputFiles()
	files := map[string][]byte{"job.yaml": []byte(j.tree.replaced(names).yaml())}
	for name, path := range from {
		text, err := read(path)
		if err != nil {
			return nil, err
		}
		files[name] = text
	}
	return files, nil
}
