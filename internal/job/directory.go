package job

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/seed-0772dd2d/ritz/internal/atomicfile"
)

// directory is the folder of one run.
type directory struct {
	path    string
	started time.Time
	before  float64 // seconds that earlier sittings of the run took
	locked  *os.File
}

func (d *directory) file(name string) string { return filepath.Join(d.path, name) }

// seconds is how long the run has taken, over all its sittings.
func (d *directory) seconds() float64 { return d.before + time.Since(d.started).Seconds() }

// create makes and locks the directory of a new run of j, with job.yaml and
// inputs in it. An empty path stands for runs/<name>-<time>.
func create(path string, j *Job) (*directory, error) {
	path, err := makeDirectory(path, j.Name)
	if err != nil {
		return nil, fmt.Errorf("cannot make the run directory: %w", err)
	}
	d := &directory{path: path, started: time.Now()}
	if err := d.lock(); err != nil {
		return nil, err
	}
	if err := d.fill(j); err != nil {
		d.unlock()
		return nil, err
	}
	return d, nil
}

// fill writes the files that a run starts with.
func (d *directory) fill(j *Job) error {
	for _, name := range []string{"job.yaml", "result.json"} {
		if _, err := os.Lstat(d.file(name)); err == nil {
			return fmt.Errorf("%s already holds a run: go on with it (--resume %s) or name another directory (--out)", d.path, d.path)
		}
	}
	names, err := d.copyInputs(j)
	if err == nil {
		err = d.write("job.yaml", []byte(j.tree.replaced(names).yaml()))
	}
	if err != nil {
		return fmt.Errorf("cannot write the run directory: %w", err)
	}
	return nil
}

func makeDirectory(path, name string) (string, error) {
	if path != "" {
		if filepath.Clean(path) == "runs" { // it would lie between all others
			return "", errors.New("runs is the folder of all runs: name a directory within it, such as runs/mine")
		}
		return path, os.MkdirAll(path, 0o777)
	}
	if err := os.MkdirAll("runs", 0o777); err != nil {
		return "", err
	}
	base := filepath.Join("runs", name+"-"+time.Now().Format("20060102-150405"))
	path = base
	for i := 2; ; i++ {
		err := os.Mkdir(path, 0o777)
		if !errors.Is(err, fs.ErrExist) {
			return path, err
		}
		path = fmt.Sprintf("%s-%d", base, i)
	}
}

// inputFiles names the files that the job reads within a directory of its own: in
// the job, by the nodes that name them, and where each comes from.
func (j *Job) inputFiles() (names map[*node]string, from map[string]string) {
	names, from = map[*node]string{}, map[string]string{}
	for _, n := range j.inputs {
		path := j.resolve(n.text)
		name := "inputs/" + filepath.Base(path)
		for i := 2; from[name] != "" && from[name] != path; i++ {
			name = fmt.Sprintf("inputs/%d-%s", i, filepath.Base(path))
		}
		names[n], from[name] = name, path
	}
	return names, from
}

// copyInputs copies the files that the job reads into inputs/ and returns
// their names there.
func (d *directory) copyInputs(j *Job) (map[*node]string, error) {
	names, from := j.inputFiles()
	if len(from) > 0 {
		if err := os.MkdirAll(d.file("inputs"), 0o777); err != nil {
			return nil, err
		}
	}
	for _, name := range sortedKeys(from) {
		f, err := os.Open(from[name])
		if err != nil {
			return nil, err
		}
		err = atomicfile.Write(d.file(filepath.FromSlash(name)), f)
		f.Close()
		if err != nil {
			return nil, err
		}
	}
	return names, nil
}

// write puts a file into the directory, whole or not at all.
func (d *directory) write(name string, data []byte) error {
	return atomicfile.Write(d.file(name), bytes.NewReader(data))
}

// stream puts a file into the directory, whole or not at all, as f writes it.
func (d *directory) stream(name string, f func(w io.Writer) error) error {
	file, err := atomicfile.Create(d.file(name))
	if err != nil {
		return err
	}
	b := bufio.NewWriterSize(file, 1<<16)
	if err = f(b); err == nil {
		err = b.Flush()
	}
	if err != nil {
		file.Discard()
		return err
	}
	return file.Commit()
}

// checkpoint is what a run needs to go on.
type checkpoint struct {
	Seconds float64 // of the run so far
	History int64   // size of history.csv
	Pending []byte  // row of the history that was not due yet
	State   []byte  // of the kind's own work

	large io.WriterTo // more state, too large to be held twice; it checks itself
	rest  *os.File    // of a checkpoint that was loaded: where large is read
}

const checkpointMagic = "ritz checkpoint 2\n"

// save writes the file checkpoint: the magic line, a CRC-32 of the checkpoint in
// gob, its length, and itself; then what is large.
func (d *directory) save(c *checkpoint) error {
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(c); err != nil {
		return err
	}
	head := binary.LittleEndian.AppendUint32([]byte(checkpointMagic), crc32.ChecksumIEEE(body.Bytes()))
	head = binary.LittleEndian.AppendUint64(head, uint64(body.Len()))
	return d.stream("checkpoint", func(w io.Writer) error {
		_, err := w.Write(append(head, body.Bytes()...))
		if err == nil && c.large != nil {
			_, err = c.large.WriteTo(w)
		}
		return err
	})
}

// load reads the file checkpoint. The caller closes rest.
func (d *directory) load() (*checkpoint, error) {
	f, err := os.Open(d.file("checkpoint"))
	if err != nil {
		return nil, err
	}
	c, err := readCheckpoint(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s %w", f.Name(), err)
	}
	c.rest = f
	return c, nil
}

func readCheckpoint(f *os.File) (*checkpoint, error) {
	damaged := errors.New("is damaged")
	info, err := f.Stat()
	if err != nil {
		return nil, damaged
	}
	magic, head := make([]byte, len(checkpointMagic)), make([]byte, 4+8)
	if _, err := io.ReadFull(f, magic); err != nil || string(magic) != checkpointMagic {
		return nil, errors.New("is not a checkpoint of this version of ritz")
	}
	if _, err := io.ReadFull(f, head); err != nil {
		return nil, damaged
	}
	sum, length := binary.LittleEndian.Uint32(head), binary.LittleEndian.Uint64(head[4:])
	if length > uint64(info.Size()) {
		return nil, damaged
	}
	body := make([]byte, length)
	c := new(checkpoint)
	if _, err := io.ReadFull(f, body); err != nil || crc32.ChecksumIEEE(body) != sum ||
		gob.NewDecoder(bytes.NewReader(body)).Decode(c) != nil {
		return nil, damaged
	}
	return c, nil
}
