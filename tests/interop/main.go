// Reads a log as a stranger would, with Go's own implementations: golang.org/x/mod/sumdb/note and tlog.
//
//	interop check VKEY CHECKPOINT TILES   the note opens, its tree is that of the tiles, every record is proved from tiles
//	interop prove VKEY PROOF ENTRY        the proof file's hashes lead from the entry to its checkpoint
//	interop make ORIGIN SIZE              a log of its own, for our verifier: key, checkpoint, entry and proof as JSON
//
// Exit status 0 only when everything holds.
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 4 && args[0] == "check":
		return check(args[1], args[2], args[3])
	case len(args) == 4 && args[0] == "prove":
		return prove(args[1], args[2], args[3])
	case len(args) == 3 && args[0] == "make":
		return makeLog(args[1], args[2])
	}
	return errors.New("usage: check VKEY CHECKPOINT TILES | prove VKEY PROOF ENTRY | make ORIGIN SIZE")
}

func open(vkey string, content []byte) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(content, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("the checkpoint is of another log")
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return tlog.Tree{}, err
	}
	hash, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: hash}, err
}

// tiles reads what was fetched from /log/tile/, one file a tile, named as the path is.
type tiles struct{ folder string }

func (tiles) Height() int { return 8 }

func (t tiles) ReadTiles(wanted []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range wanted {
		// Go's path is tile/8/<L>/<N>; C2SP leaves the height out.
		path := strings.TrimPrefix(tile.Path(), "tile/8/")
		content, err := os.ReadFile(filepath.Join(t.folder, filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		found = append(found, content)
	}
	return found, nil
}

func (tiles) SaveTiles([]tlog.Tile, [][]byte) {}

func check(vkey, checkpoint, folder string) error {
	content, err := os.ReadFile(checkpoint)
	if err != nil {
		return err
	}
	tree, err := open(vkey, content)
	if err != nil {
		return err
	}
	reader := tlog.TileHashReader(tree, tiles{folder})
	entries, err := readEntries(folder, tree.N)
	if err != nil {
		return err
	}
	if int64(len(entries)) != tree.N {
		return fmt.Errorf("%d entries for a tree of %d", len(entries), tree.N)
	}
	for index, entry := range entries {
		proof, err := tlog.ProveRecord(tree.N, int64(index), reader)
		if err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
		if err := tlog.CheckRecord(proof, tree.N, tree.Hash, int64(index), tlog.RecordHash(entry)); err != nil {
			return fmt.Errorf("entry %d: %w", index, err)
		}
	}
	for old := int64(1); old <= tree.N; old += 1 + tree.N/50 {
		hash, err := tlog.TreeHash(old, reader)
		if err != nil {
			return err
		}
		proof, err := tlog.ProveTree(tree.N, old, reader)
		if err != nil {
			return err
		}
		if err := tlog.CheckTree(proof, tree.N, tree.Hash, old, hash); err != nil {
			return fmt.Errorf("from %d to %d: %w", old, tree.N, err)
		}
	}
	fmt.Printf("%d entries\n", tree.N)
	return nil
}

func readEntries(folder string, size int64) ([][]byte, error) {
	var entries [][]byte
	for place := int64(0); place*256 < size; place++ {
		width := size - place*256
		if width > 256 {
			width = 256
		}
		tile := tlog.Tile{H: 8, L: -1, N: place, W: int(width)}
		path := "entries/" + strings.TrimPrefix(tile.Path(), "tile/8/data/")
		content, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		for len(content) > 0 {
			if len(content) < 2 {
				return nil, errors.New("a tile of entries is cut short")
			}
			length := int(content[0])<<8 | int(content[1])
			if len(content) < 2+length {
				return nil, errors.New("a tile of entries is cut short")
			}
			entries = append(entries, content[2:2+length])
			content = content[2+length:]
		}
	}
	return entries, nil
}

func prove(vkey, file, entryFile string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(entryFile)
	if err != nil {
		return err
	}
	head, checkpoint, found := bytes.Cut(content, []byte("\n\n"))
	if !found {
		return errors.New("no checkpoint")
	}
	tree, err := open(vkey, checkpoint)
	if err != nil {
		return err
	}
	lines := strings.Split(string(head), "\n")
	if lines[0] != "c2sp.org/tlog-proof@v1" {
		return errors.New("no proof file")
	}
	lines = lines[1:]
	if strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return err
		}
		proof = append(proof, hash)
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry))
}

type memory map[int64]tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var found []tlog.Hash
	for _, index := range indexes {
		found = append(found, m[index])
	}
	return found, nil
}

func makeLog(origin, count string) error {
	size, err := strconv.ParseInt(count, 10, 64)
	if err != nil {
		return err
	}
	secret, public, err := note.GenerateKey(rand.Reader, origin)
	if err != nil {
		return err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return err
	}
	stored := memory{}
	for n := int64(0); n < size; n++ {
		hashes, err := tlog.StoredHashes(n, entryOf(n), stored)
		if err != nil {
			return err
		}
		for at, hash := range hashes {
			stored[tlog.StoredHashIndex(0, n)+int64(at)] = hash
		}
	}
	root, err := tlog.TreeHash(size, stored)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)
	checkpoint, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return err
	}
	index := size / 2
	proof, err := tlog.ProveRecord(size, index, stored)
	if err != nil {
		return err
	}
	file := fmt.Sprintf("c2sp.org/tlog-proof@v1\nindex %d\n", index)
	for _, hash := range proof {
		file += base64.StdEncoding.EncodeToString(hash[:]) + "\n"
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]string{
		"vkey": public, "checkpoint": string(checkpoint), "entry": string(entryOf(index)),
		"proof": file + "\n" + string(checkpoint),
	})
}

func entryOf(n int64) []byte { return []byte(fmt.Sprintf("entry %d", n)) }
