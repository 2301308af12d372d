package surrogate

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// ReadCSV reads observations from a table with a line of column names, first
// the inputs, then the outputs:
//
//	x1,x2,y
//	0.5,1,3.25
//
// The last outputs columns, at least 1, are outputs. Blank lines and lines that
// begin with # are skipped, and so are spaces around a value. A fault is an
// error that wraps [ErrData] and names line and column.
func ReadCSV(r io.Reader, outputs int) (data Data, names []string, err error) {
	if outputs < 1 {
		return Data{}, nil, fmt.Errorf("%w: %d output columns, want at least 1", ErrSettings, outputs)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return Data{}, nil, err
	}
	table := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))) // as spreadsheets write it
	table.Comment, table.TrimLeadingSpace = '#', true
	names, err = table.Read()
	if err == io.EOF {
		return Data{}, nil, fmt.Errorf("%w: the table is empty, want a line of column names", ErrData)
	} else if err != nil {
		return Data{}, nil, csvError(err)
	}
	if err := checkHeader(names, outputs); err != nil {
		return Data{}, nil, err
	}
	data = Data{Inputs: len(names) - outputs, Outputs: outputs}
	for {
		record, err := table.Read()
		if err == io.EOF {
			break
		} else if err != nil {
			return Data{}, nil, csvError(err)
		}
		for k, cell := range record {
			v, err := strconv.ParseFloat(strings.TrimSpace(cell), 64)
			if err != nil || v-v != 0 {
				line, _ := table.FieldPos(k)
				return Data{}, nil, fmt.Errorf("%w: line %d, column %q: %q is not a finite number", ErrData, line, names[k], cell)
			}
			if k < data.Inputs {
				data.X = append(data.X, v)
			} else {
				data.Y = append(data.Y, v)
			}
		}
	}
	if data.Rows() == 0 {
		return Data{}, nil, fmt.Errorf("%w: the table has no rows below the column names", ErrData)
	}
	return data, names, nil
}

// checkHeader trims the column names and requires them to be distinct names.
func checkHeader(names []string, outputs int) error {
	for k := range names {
		names[k] = strings.TrimSpace(names[k])
		_, err := strconv.ParseFloat(names[k], 64)
		switch {
		case names[k] == "":
			return fmt.Errorf("%w: column %d has no name", ErrData, k+1)
		case err == nil:
			return fmt.Errorf("%w: column %d is headed by the number %s: the first line must name the columns", ErrData, k+1, names[k])
		case slices.Contains(names[:k], names[k]):
			return fmt.Errorf("%w: two columns are named %q", ErrData, names[k])
		}
	}
	if len(names) <= outputs {
		return fmt.Errorf("%w: %d columns, want at least 1 input and %d outputs", ErrData, len(names), outputs)
	}
	return nil
}

func csvError(err error) error {
	if fault, ok := errors.AsType[*csv.ParseError](err); ok {
		if fault.Err == csv.ErrFieldCount {
			return fmt.Errorf("%w: line %d has another number of columns than the first", ErrData, fault.Line)
		}
		return fmt.Errorf("%w: line %d: %w", ErrData, fault.Line, fault.Err)
	}
	return err
}
