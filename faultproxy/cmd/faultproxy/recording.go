package main

import (
	"fmt"
	"os"
)

// recording is the file of --record. Every line is in the file when it has been
// written: nothing waits in a buffer that a crash would lose.
type recording struct {
	file *os.File
	err  error // the first; nothing is written after it
}

// createRecording begins a recording that only its owner can read, since payloads
// are recorded as they are. An existing file is replaced.
func createRecording(name string) (*recording, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot record: %w", err)
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		if err := f.Chmod(0o600); err != nil {
			_ = f.Close()
			return nil, fmt.Errorf("cannot record: %w", err)
		}
	}
	return &recording{file: f}, nil
}

// write adds a line, and reports the first failure.
func (r *recording) write(line []byte) error {
	if r == nil || r.err != nil {
		return nil
	}
	if _, err := r.file.Write(line); err != nil {
		r.err = fmt.Errorf("the recording %s ends here: %w", r.file.Name(), err)
	}
	return r.err
}

// close ends the recording and says whether it is complete.
func (r *recording) close() error {
	if r == nil {
		return nil
	}
	if err := r.file.Close(); err != nil && r.err == nil {
		r.err = err
	}
	return r.err
}
