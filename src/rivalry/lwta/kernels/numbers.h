// Numbers of a competition: logarithms and exponentials that loops can be made vector instructions of, and the random
// numbers of noise.py.

#pragma once

#include <cstdint>
#include <cstring>

namespace {

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

// Natural logarithm of a positive number, to 3e-7 of its value: 2^e (1 + f) with 1 + f in [√½, √2), and a polynomial for
// log(1 + f).
inline float logarithm(float x) {
    const int32_t bits = static_cast<int32_t>(as_bits(x));
    const int32_t exponent = (bits - 0x3f3504f3) >> 23;
    const float f = as_float(static_cast<uint32_t>(bits - exponent * (1 << 23))) - 1.0f;
    float series = -0.101917291f;
    for (const float term : {0.160243806f, -0.171371272f, 0.199245035f, -0.249832669f, 0.333342457f})
        series = series * f + term;
    return static_cast<float>(exponent) * 0.69314718f + (f + f * f * (f * series - 0.5f));
}

// exp(x) for x ≤ 88, to 1e-7 of its value: 2^n exp(r) with |r| ≤ ½ log 2, and a polynomial for exp(r). Below −87 it is
// about zero.
inline float exponential(float x) {
    const float clipped = larger(x, -87.0f);
    const float n = (clipped * 1.44269504f + 12582912.0f) - 12582912.0f;
    const float r = (clipped - n * 0.693359375f) + n * 2.12194440e-4f;
    float series = 8.31252495e-3f;
    for (const float term : {0.0418901133f, 0.166671145f, 0.499992318f}) series = series * r + term;
    return (1.0f + (r + r * r * series)) * as_float(static_cast<uint32_t>(static_cast<int32_t>(n) + 127) << 23);
}

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

}  // namespace
