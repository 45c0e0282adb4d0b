const GIB = 2 ** 30;

export interface FargateSize {
  readonly cpus: number;
  readonly leastMemoryBytes: number;
  readonly mostMemoryBytes: number;
}

/** The sizes of AWS Fargate, smallest first; 32 vCPUs are offered through AWS Batch only. */
export const fargateSizes: readonly FargateSize[] = [
  { cpus: 0.25, leastMemoryBytes: 0.5 * GIB, mostMemoryBytes: 2 * GIB },
  { cpus: 0.5, leastMemoryBytes: 1 * GIB, mostMemoryBytes: 4 * GIB },
  { cpus: 1, leastMemoryBytes: 2 * GIB, mostMemoryBytes: 8 * GIB },
  { cpus: 2, leastMemoryBytes: 4 * GIB, mostMemoryBytes: 16 * GIB },
  { cpus: 4, leastMemoryBytes: 8 * GIB, mostMemoryBytes: 30 * GIB },
  { cpus: 8, leastMemoryBytes: 16 * GIB, mostMemoryBytes: 60 * GIB },
  { cpus: 16, leastMemoryBytes: 32 * GIB, mostMemoryBytes: 120 * GIB },
  { cpus: 32, leastMemoryBytes: 60 * GIB, mostMemoryBytes: 244 * GIB },
];

export const fargateMostDiskBytes = 200 * GIB;
