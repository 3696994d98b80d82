// Fused competition on the CPU: forward reads h and writes y, backward reads h and the gradient and writes one tensor.
//
// Noise and soft probabilities are never stored: backward makes them again from seed and counter. What is computed is
// written down in reference.py, and the random numbers in noise.py; the words here are theirs.
//
// Work goes by tiles of LANES blocks side by side, as U rows of LANES floats that stay in the first-level cache, so
// that every loop below runs over LANES and becomes vector instructions. A tile's blocks lie either at consecutive
// positions of a map (channels first), or one behind the other (tokens, channels last).

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

constexpr int LANES = 64;

enum Rule { ARGMAX, GUMBEL_SOFTMAX, SOFTMAX, CONDITIONAL };

// ------------------------------------------------------------------------------------------ numbers

inline float as_float(uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline uint32_t as_bits(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

inline float larger(float a, float b) { return a > b ? a : b; }  // by value, or loops over it stay scalar

inline float widen(float value) { return value; }
inline float widen(uint16_t bfloat16) { return as_float(static_cast<uint32_t>(bfloat16) << 16); }

inline void narrow(float value, float& place) { place = value; }
inline void narrow(float value, uint16_t& place) {  // to the nearest, ties to even
    const uint32_t bits = as_bits(value);
    const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    place = static_cast<uint16_t>(value == value ? rounded : 0x7fc0u);
}

// Natural logarithm of a positive number: 2^e (1 + f) with 1 + f in [√½, √2), and a polynomial for log(1 + f).
inline float logarithm(float x) {
    const int32_t bits = static_cast<int32_t>(as_bits(x));
    const int32_t exponent = (bits - 0x3f3504f3) >> 23;
    const float f = as_float(static_cast<uint32_t>(bits - exponent * (1 << 23))) - 1.0f;
    float series = 0.0870043453f;
    for (const float term : {-0.142674868f, 0.149147682f, -0.165775847f, 0.199630638f, -0.25001337f, 0.333339107f})
        series = series * f + term;
    return static_cast<float>(exponent) * 0.69314718f + (f + f * f * (f * series - 0.5f));
}

// exp(x) for x ≤ 88: 2^n exp(r) with |r| ≤ ½ log 2, and a polynomial for exp(r). Below −87 it is about zero.
inline float exponential(float x) {
    const float clipped = larger(x, -87.0f);
    const float n = (clipped * 1.44269504f + 12582912.0f) - 12582912.0f;
    const float r = (clipped - n * 0.693359375f) + n * 2.12194440e-4f;
    float series = 1.38146131e-3f;
    for (const float term : {8.36870983e-3f, 0.0416683874f, 0.166665207f, 0.499999935f}) series = series * r + term;
    return (1.0f + (r + r * r * series)) * as_float(static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23);
}

// ------------------------------------------------------------------------------------------ noise

inline uint32_t mix(uint32_t x) {
    x ^= x >> 16;
    x *= 0x21f0aaadu;
    x ^= x >> 15;
    x *= 0xd35a2d97u;
    return x ^ (x >> 15);
}

struct Seed {
    explicit Seed(uint64_t bits) {
        const uint32_t low = static_cast<uint32_t>(bits), high = static_cast<uint32_t>(bits >> 32);
        first = low ^ mix(high), second = high ^ mix(low);
    }
    uint32_t first, second;
};

inline float uniform(uint32_t counter, uint32_t stream, Seed seed) {
    const uint32_t spread = (counter ^ seed.first) * 0x9e3779b1u;
    const uint32_t bits = mix((spread ^ (spread >> 15)) + (seed.second ^ (stream * 0x9e3779b9u)));
    return (static_cast<float>(static_cast<int32_t>(bits >> 9)) + 0.5f) * 0x1p-23f;
}

inline float gumbel(float u) { return -logarithm(-logarithm(u + 1e-5f) + 1e-5f); }
inline float logistic(float u) { return logarithm(u / (1.0f - u)); }

// ------------------------------------------------------------------------------------------ a tile of blocks

struct Competition {
    int rule;
    int64_t competitors;
    Seed seed;
    float sharpness, temperature;
};

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

// `flat` is room for a tile in the order of memory.
template <typename Scalar>
void read(const Scalar* tensor, const Place& place, Rows rows, float* flat) {
    const Scalar* from = tensor + place.base;
    const int64_t U = place.competitors;
    if (place.count < LANES) std::fill(rows, rows + U * LANES, 0.0f);
    if (place.inner == 1 && U == 2 && place.count == LANES) {
        for (int l = 0; l < LANES; ++l) rows[l] = widen(from[2 * l]), rows[LANES + l] = widen(from[2 * l + 1]);
    } else if (place.inner == 1) {
        for (int64_t i = 0; i < place.count * U; ++i) flat[i] = widen(from[i]);
        transpose(flat, U, place.count, U, rows, LANES);
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
        transpose(rows, LANES, U, place.count, flat, U);
        for (int64_t i = 0; i < place.count * U; ++i) narrow(flat[i], to[i]);
    } else if (place.width == LANES) {
        for (int64_t u = 0; u < U; ++u, to += place.inner)
            for (int l = 0; l < LANES; ++l) narrow(rows[u * LANES + l], to[l]);
    } else {
        for (int line = 0; line < place.lines; ++line)
            for (int64_t u = 0; u < U; ++u, to += place.inner)
                for (int i = 0; i < place.width; ++i) narrow(rows[u * LANES + line * place.width + i], to[i]);
    }
}

bool all_finite(const Rows rows, int64_t competitors) {
    uint32_t bad = 0;
    for (int64_t i = 0; i < competitors * LANES; ++i) bad |= (as_bits(rows[i]) & 0x7f800000u) == 0x7f800000u;
    return !bad;
}

// What a block's relaxed winner is the softmax of (over T), with the highest of it, and who won; by the rule.
struct Draw {
    Rows logits, spare;
    float highest[LANES];
    int32_t winners[LANES];
};

// The first of the largest of each block wins.
void lead(const Rows rows, int64_t competitors, Draw& draw) {
    for (int l = 0; l < LANES; ++l) draw.highest[l] = rows[l], draw.winners[l] = 0;
    for (int64_t u = 1; u < competitors; ++u) {
        const float* row = rows + u * LANES;
        for (int l = 0; l < LANES; ++l) {
            const bool better = row[l] > draw.highest[l];
            draw.highest[l] = better ? row[l] : draw.highest[l];
            draw.winners[l] = better ? static_cast<int32_t>(u) : draw.winners[l];
        }
    }
}

void draw_gumbel(const Competition& how, const Place& place, const Rows h, Draw& draw) {
    uint32_t first[LANES];  // counters of the blocks' first units
    for (int l = 0; l < LANES; ++l) first[l] = place.counter[l] * static_cast<uint32_t>(how.competitors);
    for (int64_t u = 0; u < how.competitors; ++u) {
        const float* row = h + u * LANES;
        float* logit = draw.logits + u * LANES;
        for (int l = 0; l < LANES; ++l)
            logit[l] = how.sharpness * row[l] + gumbel(uniform(first[l] + static_cast<uint32_t>(u), 0, how.seed));
    }
    lead(draw.logits, how.competitors, draw);
}

// One uniform a block: the winner is the first at whom the cumulated chance passes it. `total` is Σ exp(a − max a).
void draw_by_chance(const Competition& how, const Place& place, const Rows h, Draw& draw, float* total) {
    for (int64_t i = 0; i < how.competitors * LANES; ++i) draw.logits[i] = how.sharpness * h[i];
    lead(draw.logits, how.competitors, draw);
    for (int l = 0; l < LANES; ++l) total[l] = 0.0f, draw.winners[l] = 0;
    for (int64_t u = 0; u < how.competitors; ++u)
        for (int l = 0; l < LANES; ++l) {
            total[l] += exponential(draw.logits[u * LANES + l] - draw.highest[l]);
            draw.spare[u * LANES + l] = total[l];
        }
    float mark[LANES];
    for (int l = 0; l < LANES; ++l) mark[l] = uniform(place.counter[l], 1, how.seed) * total[l];
    for (int64_t u = 0; u + 1 < how.competitors; ++u)
        for (int l = 0; l < LANES; ++l) draw.winners[l] += draw.spare[u * LANES + l] <= mark[l];
}

// Gumbel-perturbed logits but for a constant, given who won: with m the largest a, of the winner −log(E_w / Σ exp(a − m)),
// of the others −log(E_u exp(m − a_u) + E_w / Σ exp(a − m)).
void condition(const Competition& how, const Place& place, Draw& draw, const float* total) {
    uint32_t first[LANES];
    float shared[LANES], highest[LANES];
    for (int l = 0; l < LANES; ++l) {
        first[l] = place.counter[l] * static_cast<uint32_t>(how.competitors);
        const float waiting = -logarithm(uniform(first[l] + static_cast<uint32_t>(draw.winners[l]), 0, how.seed));
        shared[l] = waiting / total[l];
        highest[l] = -logarithm(shared[l]);
    }
    for (int64_t u = 0; u < how.competitors; ++u)
        for (int l = 0; l < LANES; ++l) {
            float& logit = draw.logits[u * LANES + l];
            const float waiting = -logarithm(uniform(first[l] + static_cast<uint32_t>(u), 0, how.seed));
            const float own = waiting * exponential(-larger(logit - draw.highest[l], -80.0f));
            logit = draw.winners[l] == u ? highest[l] : -logarithm(own + shared[l]);
        }
    for (int l = 0; l < LANES; ++l) draw.highest[l] = highest[l];  // who won leads
}

// Who wins; where the gradient is wanted too, what the relaxed winner is the softmax of.
void draw_winners(const Competition& how, const Place& place, const Rows h, Draw& draw, bool relaxed) {
    float total[LANES];
    switch (how.rule) {
        case ARGMAX: lead(h, how.competitors, draw); break;
        case GUMBEL_SOFTMAX: draw_gumbel(how, place, h, draw); break;
        default:
            draw_by_chance(how, place, h, draw, total);
            if (relaxed && how.rule == CONDITIONAL) condition(how, place, draw, total);
    }
}

// The gradient: g of the winner, and through the draw (β/T) · s · (g·h − Σ s·g·h), s the relaxed winner. Into g.
void pull_back(const Competition& how, const Rows h, Rows g, Draw& draw) {
    if (how.rule == ARGMAX) {
        for (int64_t u = 0; u < how.competitors; ++u)
            for (int l = 0; l < LANES; ++l) g[u * LANES + l] = draw.winners[l] == u ? g[u * LANES + l] : 0.0f;
        return;
    }
    const float cooled = 1.0f / how.temperature, slope = how.sharpness / how.temperature;
    float total[LANES] = {}, mean[LANES] = {};
    for (int64_t u = 0; u < how.competitors; ++u)
        for (int l = 0; l < LANES; ++l) {
            float& share = draw.logits[u * LANES + l];
            share = exponential((share - draw.highest[l]) * cooled);
            total[l] += share;
            mean[l] += share * g[u * LANES + l] * h[u * LANES + l];
        }
    for (int l = 0; l < LANES; ++l) {
        total[l] = 1.0f / total[l];
        mean[l] *= total[l];
        total[l] *= slope;
    }
    for (int64_t u = 0; u < how.competitors; ++u)
        for (int l = 0; l < LANES; ++l) {
            float& pull = g[u * LANES + l];
            const float through = draw.logits[u * LANES + l] * total[l] * (pull * h[u * LANES + l] - mean[l]);
            pull = (draw.winners[l] == u ? pull : 0.0f) + through;
        }
}

// Two competitors: all hangs on their margin, and a sigmoid takes the place of the softmax.
void margins(const Competition& how, const Place& place, const Rows h, float* margin) {
    for (int l = 0; l < LANES; ++l)
        margin[l] = how.sharpness * (h[LANES + l] - h[l]) + logistic(uniform(place.counter[l], 1, how.seed));
}

void pull_back_of_two(const Competition& how, const Rows h, Rows g, const float* margin) {
    const float cooled = 1.0f / how.temperature, slope = how.sharpness / how.temperature;
    for (int l = 0; l < LANES; ++l) {
        const float odds = exponential(-std::abs(margin[l]) * cooled);
        const float spread = odds / ((1.0f + odds) * (1.0f + odds));  // s · (1 − s), of either sign of the margin
        const float pull = slope * spread * (g[LANES + l] * h[LANES + l] - g[l] * h[l]);
        const bool second = margin[l] > 0.0f;
        g[l] = (second ? 0.0f : g[l]) - pull;
        g[LANES + l] = (second ? g[LANES + l] : 0.0f) + pull;
    }
}

// ------------------------------------------------------------------------------------------ all tiles

// A tensor is `outer` times `units` times `inner` contiguous elements.
struct Shape {
    int64_t outer, units, inner;
};

// How tiles follow one another: a long line makes several tiles, of short ones a tile takes several.
class Tiles {
  public:
    Tiles(const Shape& shape, int64_t competitors)
        : inner(shape.inner), competitors(competitors), blocks(shape.units / competitors), lines(shape.outer * blocks),
          lines_a_tile(std::max<int64_t>(1, LANES / inner)), tiles_a_line(inner < LANES ? 1 : (inner + LANES - 1) / LANES),
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
            for (int m = 0; m < place.lines; ++m) count_from(line + m, start, place.width, place.counter + m * place.width);
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

template <typename Scalar>
void keep_winners(const Scalar* h, const Place& place, Rows rows, const Draw& draw, Scalar* y) {
    const int64_t U = place.competitors;
    if (place.inner == 1 && U > 2) {  // one of each block is copied, and nothing is turned about
        std::fill(y + place.base, y + place.base + place.count * U, Scalar(0));
        for (int64_t l = 0, first = place.base; l < place.count; ++l, first += U)
            y[first + draw.winners[l]] = h[first + draw.winners[l]];
        return;
    }
    for (int64_t u = 0; u < U; ++u)
        for (int l = 0; l < LANES; ++l) rows[u * LANES + l] = draw.winners[l] == u ? rows[u * LANES + l] : 0.0f;
    write(rows, place, y, draw.spare);
}

template <typename Scalar>
bool forward(const Scalar* h, Scalar* y, int64_t* winners, const Shape& shape, const Competition& how, int threads) {
    bool finite = true;
    const int64_t U = how.competitors;
    for_each_tile(shape, U, threads, [&](const Place& place, float* scratch) {
        Rows rows = scratch;
        float* flat = scratch + 3 * LANES * U;
        Draw draw;
        draw.logits = scratch + LANES * U, draw.spare = flat;
        read(h, place, rows, flat);
        if (!all_finite(rows, U)) finite = false;  // threads write the same value
        if (how.rule == GUMBEL_SOFTMAX && U == 2) {
            float margin[LANES];
            margins(how, place, rows, margin);
            for (int l = 0; l < LANES; ++l) draw.winners[l] = margin[l] > 0.0f;
        } else {
            draw_winners(how, place, rows, draw, false);
        }
        keep_winners(h, place, rows, draw, y);
        if (winners)
            for (int l = 0; l < place.count; ++l) winners[place.winners + l] = draw.winners[l];
    });
    return finite;
}

template <typename Scalar>
void backward(const Scalar* gradient, const Scalar* h, Scalar* result, const Shape& shape, const Competition& how, int threads) {
    const int64_t U = how.competitors;
    for_each_tile(shape, U, threads, [&](const Place& place, float* scratch) {
        Rows rows = scratch, pulls = scratch + 2 * LANES * U;
        float* flat = scratch + 3 * LANES * U;
        Draw draw;
        draw.logits = scratch + LANES * U, draw.spare = flat;
        read(h, place, rows, flat);
        read(gradient, place, pulls, flat);
        if (how.rule == GUMBEL_SOFTMAX && U == 2) {
            float margin[LANES];
            margins(how, place, rows, margin);
            pull_back_of_two(how, rows, pulls, margin);
        } else {
            draw_winners(how, place, rows, draw, true);
            pull_back(how, rows, pulls, draw);
        }
        write(pulls, place, result, flat);
    });
}

Competition competition(int rule, int64_t competitors, int64_t seed, float sharpness, float temperature) {
    return {rule, competitors, Seed(static_cast<uint64_t>(seed)), sharpness, temperature};
}

}  // namespace

// ---------------------------------------------------------------------------------------------- called through ctypes

extern "C" {

// Whether every activation is finite. `winners` may be null.
int rivalry_forward(const void* h, void* y, int64_t* winners, int bfloat16, int64_t outer, int64_t units, int64_t inner,
                    int rule, int64_t competitors, int64_t seed, float sharpness, float temperature, int threads) {
    const Competition how = competition(rule, competitors, seed, sharpness, temperature);
    const Shape shape{outer, units, inner};
    if (bfloat16)
        return forward(static_cast<const uint16_t*>(h), static_cast<uint16_t*>(y), winners, shape, how, threads);
    return forward(static_cast<const float*>(h), static_cast<float*>(y), winners, shape, how, threads);
}

void rivalry_backward(const void* gradient, const void* h, void* result, int bfloat16, int64_t outer, int64_t units,
                      int64_t inner, int rule, int64_t competitors, int64_t seed, float sharpness, float temperature,
                      int threads) {
    const Competition how = competition(rule, competitors, seed, sharpness, temperature);
    const Shape shape{outer, units, inner};
    if (bfloat16)
        backward(static_cast<const uint16_t*>(gradient), static_cast<const uint16_t*>(h), static_cast<uint16_t*>(result), shape, how, threads);
    else
        backward(static_cast<const float*>(gradient), static_cast<const float*>(h), static_cast<float*>(result), shape, how, threads);
}
}
