package main

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// authorityFile is where clients find the certificates they have to trust. There is none
// until one is added.
type authorityFile struct {
	mu    sync.Mutex
	path  string
	known map[string]bool
}

// add puts a certificate into the file, once; nil is none.
func (a *authorityFile) add(pem []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if pem == nil || a.known[string(pem)] {
		return nil
	}
	if err := a.write(pem); err != nil {
		return fmt.Errorf("cannot write the certificate that clients have to trust: %w", err)
	}
	if a.known == nil {
		a.known = map[string]bool{}
	}
	a.known[string(pem)] = true
	return nil
}

// write appends to the file. The mutex is held.
func (a *authorityFile) write(pem []byte) error {
	var f *os.File
	var err error
	if a.path == "" {
		f, err = os.CreateTemp("", "faultproxy-ca-*.pem")
	} else {
		f, err = os.OpenFile(a.path, os.O_APPEND|os.O_WRONLY, 0o600)
	}
	if err != nil {
		return err
	}
	a.path = f.Name()
	_, err = f.Write(pem)
	return errors.Join(err, f.Close())
}

// name is where the file is; empty: nobody has to trust anything.
func (a *authorityFile) name() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.path
}

func (a *authorityFile) remove() {
	if name := a.name(); name != "" {
		_ = os.Remove(name)
	}
}
