// Tiles of a tensor: LANES blocks side by side, as U rows of LANES floats that stay in the first-level cache, so that
// loops over LANES become vector instructions. A tile's blocks lie either at consecutive positions of a map (channels
// first), or one behind the other (tokens, channels last).

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <vector>

#include "numbers.h"

namespace {

constexpr int LANES = 64;

// LANES blocks as floats: row u holds competitor u of each.
using Rows = float*;

// Where a tile lies. A line is `inner` positions that compete with the same units, U rows of them side by side in
// memory; where units are contiguous a position is a line of its own. A tile is part of a line, or several whole ones.
struct Place {
    int64_t base, winners, inner, competitors;
    int lines, width, count;  // count = lines · width blocks, at most LANES
    uint32_t counter[LANES];  // of the blocks
};

using Four = float __attribute__((vector_size(16)));

inline Four four(const float* from) {
    Four value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

// to[c][r] = from[r][c], with `from` and `to` this many floats from row to row; by squares of four.
void transpose(const float* from, int64_t from_step, int64_t rows, int64_t columns, float* to, int64_t to_step) {
    for (int64_t r = 0; r + 4 <= rows; r += 4)
        for (int64_t c = 0; c + 4 <= columns; c += 4) {
            const float* f = from + r * from_step + c;
            const Four w = four(f), x = four(f + from_step), y = four(f + 2 * from_step), z = four(f + 3 * from_step);
            const Four wx = __builtin_shufflevector(w, x, 0, 4, 1, 5), yz = __builtin_shufflevector(y, z, 0, 4, 1, 5);
            const Four WX = __builtin_shufflevector(w, x, 2, 6, 3, 7), YZ = __builtin_shufflevector(y, z, 2, 6, 3, 7);
            const Four turned[4] = {
                __builtin_shufflevector(wx, yz, 0, 1, 4, 5), __builtin_shufflevector(wx, yz, 2, 3, 6, 7),
                __builtin_shufflevector(WX, YZ, 0, 1, 4, 5), __builtin_shufflevector(WX, YZ, 2, 3, 6, 7)};
            for (int k = 0; k < 4; ++k) std::memcpy(to + (c + k) * to_step + r, turned + k, sizeof turned[k]);
        }
    for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = r < rows / 4 * 4 ? columns / 4 * 4 : 0; c < columns; ++c)
            to[c * to_step + r] = from[r * from_step + c];
}

inline const float* as_floats(const float* from, int64_t, float*) { return from; }
inline const float* as_floats(const uint16_t* from, int64_t count, float* room) {
    for (int64_t i = 0; i < count; ++i) room[i] = widen(from[i]);
    return room;
}

// `flat` is room for a tile in the order of memory, where it must be widened or narrowed on the way.
template <typename Scalar>
void read(const Scalar* tensor, const Place& place, Rows rows, float* flat) {
    const Scalar* from = tensor + place.base;
    const int64_t U = place.competitors;
    if (place.count < LANES) std::fill(rows, rows + U * LANES, 0.0f);
    if (place.inner == 1 && U == 2 && place.count == LANES) {
        for (int l = 0; l < LANES; ++l) rows[l] = widen(from[2 * l]), rows[LANES + l] = widen(from[2 * l + 1]);
    } else if (place.inner == 1) {
        transpose(as_floats(from, place.count * U, flat), U, place.count, U, rows, LANES);
    } else if (place.width == LANES) {
        for (int64_t u = 0; u < U; ++u, from += place.inner)
            for (int l = 0; l < LANES; ++l) rows[u * LANES + l] = widen(from[l]);
    } else {
        for (int line = 0; line < place.lines; ++line)
            for (int64_t u = 0; u < U; ++u, from += place.inner)
                for (int i = 0; i < place.width; ++i) rows[u * LANES + line * place.width + i] = widen(from[i]);
    }
}

template <typename Scalar>
void write(const Rows rows, const Place& place, Scalar* tensor, float* flat) {
    Scalar* to = tensor + place.base;
    const int64_t U = place.competitors;
    if (place.inner == 1 && U == 2 && place.count == LANES) {
        for (int l = 0; l < LANES; ++l) narrow(rows[l], to[2 * l]), narrow(rows[LANES + l], to[2 * l + 1]);
    } else if (place.inner == 1) {
        if constexpr (std::is_same_v<Scalar, float>) {
            transpose(rows, LANES, U, place.count, to, U);
        } else {
            transpose(rows, LANES, U, place.count, flat, U);
            for (int64_t i = 0; i < place.count * U; ++i) narrow(flat[i], to[i]);
        }
    } else if (place.width == LANES) {
        for (int64_t u = 0; u < U; ++u, to += place.inner)
            for (int l = 0; l < LANES; ++l) narrow(rows[u * LANES + l], to[l]);
    } else {
        for (int line = 0; line < place.lines; ++line)
            for (int64_t u = 0; u < U; ++u, to += place.inner)
                for (int i = 0; i < place.width; ++i) narrow(rows[u * LANES + line * place.width + i], to[i]);
    }
}

// A tensor is `outer` times `units` times `inner` contiguous elements.
struct Shape {
    int64_t outer, units, inner;
};

// How tiles follow one another: a long line makes several tiles, of short ones a tile takes several.
class Tiles {
  public:
    Tiles(const Shape& shape, int64_t competitors)
        : inner(shape.inner),
          competitors(competitors),
          blocks(shape.units / competitors),
          lines(shape.outer * blocks),
          lines_a_tile(std::max<int64_t>(1, LANES / inner)),
          tiles_a_line(inner < LANES ? 1 : (inner + LANES - 1) / LANES),
          count((lines + lines_a_tile - 1) / lines_a_tile * tiles_a_line) {}

    Place operator[](int64_t tile) const {
        const int64_t line = tile / tiles_a_line * lines_a_tile, start = tile % tiles_a_line * LANES;
        Place place;
        place.inner = inner, place.competitors = competitors;
        place.base = line * competitors * inner + start;
        place.winners = line * inner + start;
        place.lines = static_cast<int>(std::min(lines_a_tile, lines - line));
        place.width = static_cast<int>(std::min<int64_t>(LANES, inner - start));
        place.count = place.lines * place.width;
        if (inner == 1)  // consecutive blocks have consecutive counters
            for (int l = 0; l < LANES; ++l) place.counter[l] = static_cast<uint32_t>(line) + static_cast<uint32_t>(l);
        else
            for (int m = 0; m < place.lines; ++m)
                count_from(line + m, start, place.width, place.counter + m * place.width);
        return place;
    }

  private:
    void count_from(int64_t line, int64_t start, int width, uint32_t* counter) const {
        const auto first = static_cast<uint32_t>((line / blocks * inner + start) * blocks + line % blocks);
        for (int i = 0; i < width; ++i) counter[i] = first + static_cast<uint32_t>(i) * static_cast<uint32_t>(blocks);
    }

    const int64_t inner, competitors, blocks, lines, lines_a_tile, tiles_a_line;

  public:
    const int64_t count;
};

template <typename Work>
void for_each_tile(const Shape& shape, int64_t competitors, int threads, const Work& work) {
    const Tiles tiles(shape, competitors);
    #pragma omp parallel num_threads(threads) if (threads > 1 && tiles.count * LANES * competitors > 32768)
    {
        std::vector<float> scratch(4 * LANES * competitors);
        #pragma omp for schedule(static)
        for (int64_t tile = 0; tile < tiles.count; ++tile) work(tiles[tile], scratch.data());
    }
}

}  // namespace
